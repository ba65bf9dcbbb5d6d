"""What the check of language says about rows, where the labelled cases leave it open."""

from __future__ import annotations

import pytest

from matrix_sim.config import QualityConfig
from matrix_sim.config.quality import LanguageCheckConfig
from matrix_sim.quality.language import LanguageCheck
from matrix_sim.quality.rules import Rules
from tests.support.rows import row

RULES = Rules(QualityConfig(), "ja")
ENGLISH_RULES = Rules(QualityConfig(), "en")


@pytest.mark.parametrize("word", ["另外", "此外、", "而且", "其他的", "关系", "或者"])
def test_a_single_chinese_word_is_found(word: str) -> None:
    assert not _native("積立金が上がる理由", f"主な理由は工事費です。{word}計画も古いためです。")


@pytest.mark.parametrize("word", ["一個", "時間的な余裕", "都是正指導", "同窓会有志", "需要的側面"])
def test_japanese_words_that_look_chinese_are_japanese(word: str) -> None:
    assert _native("計画の立て方", f"まず{word}を考えます。")


def _native(*said: str) -> bool:
    return LanguageCheck(LanguageCheckConfig(), "ja").look(row(*said)).ok


def test_a_single_character_of_another_language_is_seen() -> None:
    assert not _native("面接の注意は", "自信を持って话すことです。")
    assert _native("面接の注意は", "自信を持って話すことです。")


@pytest.mark.parametrize("name", ["髙﨑濵", "國澤邊", "沈没 這う 呢絨", "σとμ", "ｷﾀ━(ﾟ∀ﾟ)━!"])
def test_rare_characters_of_japanese_texts_are_no_other_language(name: str) -> None:
    assert _native("これは何？", f"{name} は珍しい字です。")


def test_what_the_user_asks_for_may_be_foreign() -> None:
    answer = "I look forward to hearing from you."
    assert _native("「お返事お待ちしています」を英語で", answer)
    assert not _native("お返事を待っています、と伝えたい", answer)
    assert _native("「ありがとう」は中国語で？", "「谢谢」です。")
    assert not _native("お礼の言い方は", "「谢谢」です。")


def test_code_addresses_and_quotations_are_not_counted() -> None:
    assert _native(
        "見方は", "```\nif you are in the loop then stop\n```\nhttps://a.example/the/way/of/it"
    )
    assert _native("好きな本は", "『The Old Man and the Sea』です。")
    assert _native("fatal: this is not a git repository\nこれは何ですか", "git initがまだです。")


def test_mojibake_is_seen_unless_it_is_the_topic() -> None:
    assert not _native("じゃがいもの茹で方は", "縺ｾ縺壹§繧水から茹でます。")
    assert _native("「縺ｾ縺壹§繧」という文字化けの原因は", "「縺ｾ」はUTF-8の誤読です。")


def test_thinking_may_be_in_any_language() -> None:
    assert (
        LanguageCheck(LanguageCheckConfig(), "ja")
        .look(
            row(
                "茶渋を落としたい",
                "重曹を使います。",
                thinking="The user wants to remove tea stains.",
            )
        )
        .ok
    )


def test_japanese_in_english_data_is_seen_unless_it_is_the_topic() -> None:
    check = LanguageCheck(LanguageCheckConfig(), "en")
    japanese = "まず窓を開けてから、床を掃いてください。そのあと拭きます。"
    assert not check.look(row("How do I clean a room?", japanese)).ok
    assert check.look(row("Say in Japanese how to clean a room", japanese)).ok
    assert check.look(row("How do I clean a room?", "Open the window, then sweep.")).ok


@pytest.mark.parametrize(
    "said",
    [
        ("電気代を下げる方法を教えて", "まず契約を見直します。可以的、次に照明を替えます。"),
        ("電気代を下げる方法を教えて", "您の家の契約を見ます。"),
        ("電気代を下げる方法を教えて", "节电が大切です。"),
        ("電気代を下げる方法を教えて", "エアコンの设定を28度にします。"),
        ("電気代を下げる方法を教えて", "待機電力を減らす的方法は、コンセントを抜くことです。"),
        ("電気代を下げる方法を教えて", "首先に、契約を確認します。"),
        ("電気代を下げる方法を教えて", "これは重要的です。"),
        ("電気代を下げる方法を教えて", "節電は大切ですな그리고照明を替えます。"),
        ("電気代を下げる方法を教えて", "照明を替え และ 契約を見直します。"),
        ("電気代を下げる方法を教えて", "照明を替えます。это важно。"),
        ("電気代を下げる方法を教えて", "照明を替えます。هذا مهم"),
        ("電気代を下げる方法を教えて", "照明をLEDに替えます。Hope this helps!"),
        ("電気代を下げる方法を教えて", "Sure! 照明を替えます。"),
        ("電気代を下げる方法を教えて", "## Conclusion\n照明を替えます。"),
        ("電気代を下げる方法を教えて", "照明を替えます。However, 契約も見直します。"),
        ("電気代を下げる方法を教えて", "照明を替えます。Additionally、契約を見直します。"),
        ("電気代を下げる方法を教えて", "照明を替えます。Let me know if you have any questions."),
        ("電気代を下げる方法を教えて", "To reduce your electricity bill, turn off the lights."),
        ("電気代を下げる方法を教えて", "照明を替えます。\\n契約を見直します。\\n"),
        ("電気代を下げる方法を教えて", "照明を&quot;LED&quot;に替えます。"),
        ("電気代を下げる方法を教えて", "照\ufffd\ufffdを替えます。"),
        ("電気代を下げる方法を教えて", "照明を替えます。Der wichtigste Punkt ist der Vertrag."),
        ("How can I reduce my electricity bill?", "照明を替えます。"),
        ("電気代を下げる方法を教えて Please answer in detail.", "照明を替えます。"),
        (
            "電気代を下げる方法を教えて。I live in a small apartment with my wife.",
            "照明を替えます。",
        ),
        ("電気代を下げる方法を教えて", "<0xE7><0x85>明を替えます。"),
        ("電気代を下げる方法を教えて", "照明をかえるのが很重要です。"),
        ("電気代を下げる方法を教えて", "照明を替えます。谢谢。"),
        ("電気代を下げる方法を教えて", "請確認您的契約內容是否正確。"),
        ("電気代を下げる方法を教えて", "照明を替える时候は電源を切ります。"),
        ("電気代を下げる方法を教えて", "電源を切る、然后、替えます。"),
        (
            "電気代を下げる方法を教えて",
            "照明を替えるのはimportantで、契約を見るのもnecessaryです。",
        ),
        ("電気代を下げる方法を教えて", "**Answer:** 照明を替えます。"),
        (
            "電気代を下げる方法を教えて",
            "1. **Check the contract**: 契約を確認します。\n2. **Change the lights**: "
            "照明を替えます。",
        ),
        (
            "電気代を下げる方法を教えて",
            "Desu. Denki wa taisetsu desu kara, setsuden shite kudasai.",
        ),
        ("電気代を下げる方法を教えて", "照明を替えます\xe3\x80\x82"),
        ("電気代を下げる方法を教えて", "照明を替えるbởi vìお得です。"),
        ("電気代を下げる方法を教えて", "照明を替えます吧。"),
        (
            "電気代を下げる方法を教えて",
            "冷蔵庫の温度設定を調整することが必要になるです because 電力を多く使うからです。",
        ),
        ("電気代を下げる方法を教えて", "%E7%85%A7%E6%98%8E%E3%82%92替えます。"),
        ("電気代を下げる方法を教えて", "照明を替えます。ありがとうございます。감사합니다."),
        ("電気代を下げる方法を教えて", "この問題の解決方案は照明です。"),
        ("電気代を下げる方法を教えて", "照明を替えるのが不错です。"),
        ("電気代を下げる方法を教えて", "照明を变更します。"),
        ("電気代を下げる方法を教えて", "夏は除湿、冬は加湿，再加上保温です。"),
        ("電気代を下げる方法を教えて", "所以、照明を替えます。"),
        ("電気代を下げる方法を教えて", "照明を替えれば、就可以です。"),
        ("電気代を下げる方法を教えて", "电気代を下げます。"),
        ("電気代を下げる方法を教えて", "電気代が高い原因は三個あります。第一個は照明です。"),
    ],
)
def test_what_is_not_japanese_is_refused(said: tuple[str, ...]) -> None:
    assert not _native(*said)


@pytest.mark.parametrize(
    "said",
    [
        ("目的は", "で目的の結果が得られます。注目の的です。なるべく的確に。既知道具。"),
        ("表記", "京都在住就労目的外国人支援制度、他社請求目的外使用、実現不可能要因分析"),
        ("電気代を下げる方法を教えて", "LEDに替えます。Wi-Fiルーターも見直します。"),
        (
            "「Hope this helps」の意味は",
            "「役に立てばうれしい」です。Hope this helps! は文末に使います。",
        ),
        ("pythonのwhileとifの違い", "if文は条件、while文は繰り返しです。"),
        ("カフェのメニュー名を考えて", "「Sunny Latte」はどうでしょう。"),
        ("フォーの作り方", "フォー（phở）は米麺です。"),
        ("HTMLの&amp;って何", "&amp; は & を表す実体参照です。"),
        ("中国の友人への贈り物は", "烏龍茶の茶器が喜ばれます。"),
        ("拿捕と危惧の意味", "拿捕は捕らえること、危惧は心配することです。"),
        ("側弯症と畢竟と掉尾", "側弯症は背骨が曲がる病気です。猜疑心も同様です。"),
        ("魔女狩りの了承", "了承しました。終了、完了、修了です。"),
        ("淹れ方", "コーヒーを淹れます。"),
        ("早上がりの連絡", "早上がりします、と伝えます。"),
        ("突如下落した株", "突如下落した理由は金利です。"),
        ("這うように", "這い上がるように進みます。這う、這っている。"),
        ("(；´Д｀)疲れた", "お疲れさまです(´・ω・｀)"),
        ("(ಠ_ಠ) これ何", "呆れ顔です。ლ(ಠ益ಠლ) もあります。"),
        ("三角関数", "sinθ、cosθ、tanθ、α+β、ΣとΔ"),
        ("GitHubのREADMEの見出し", "## Overview\n## Installation"),
        (
            "英語の日記を添削して。I go to park yesterday.",
            "I went to the park yesterday. 過去形にします。",
        ),
        ("エラーが出ます TypeError: cannot read property of undefined", "値がundefinedです。"),
        ("バスケのルール", "3ポイントラインの外から打つと3点です。Bリーグも同じです。"),
        ("音楽のジャンル", "R&BとJ-POP、lo-fiなどです。"),
        ("SNSの略語", "DMはダイレクトメッセージです。"),
        ("企業のIR資料", "ESG、SDGs、KPIなどの用語があります。"),
        ("拝啓から", "拝啓 貴社ますますご清栄のこととお慶び申し上げます。敬具"),
        ("法人名", "独立行政法人国立病院機構東京医療センターです。"),
        ("漢字だけの標語", "安全第一、整理整頓、火気厳禁、飲酒運転撲滅"),
        ("住所", "東京都千代田区霞が関一丁目"),
        ("排他的経済水域", "排他的、利他的、目的は是正です。法的是非を問う。"),
        ("許可以外", "許可以外の方法、不可以外"),
        ("Excelの関数", "IF関数、AND関数、SUMを使います。"),
        ("iPhoneの設定", "Settings アプリではなく「設定」を開きます。"),
        ("ワインの種類", "Cabernet Sauvignon と Chardonnay です。"),
        ("店の英語名", "Bread & Butter です。"),
        ("レシピ", "crème brûlée（クレームブリュレ）です。"),
        ("在庫管理", "在庫、在宅、所在地、目的地、和食、要請、有無を確認します。"),
        ("予約可能会議室", "予約可能会議室は3つです。"),
        ("不要在庫の処分", "不要在庫は業者へ。不要用品も同じです。"),
        ("今後", "今後の予定です。以後気をつけます。"),
        ("一個", "第一に、一個ずつ、三個です。個々に。"),
        ("会社", "株式会社の公式サイトです。"),
        ("歩留まり", "歩留まりの改善、収集、効果、晩ご飯、喉の渇き"),
        ("Pythonで", "`print('a')` を使います。for文は10行です。"),
        ("英検の勉強", "Step 1：単語、Step 2：文法です。"),
        ("Word", "Wordの「ファイル」→「オプション」です。"),
    ],
)
def test_what_only_looks_foreign_is_kept(said: tuple[str, ...]) -> None:
    assert _native(*said)
