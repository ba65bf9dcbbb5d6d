"""What `truncation` takes for broken off and what for an ending, by class of ending."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from matrix_sim.quality.truncation import TruncationCheck
from matrix_sim.randomness import named_random
from tests.support.labelled_cases import read_cases
from tests.support.rows import row

POLITE = "古い紙は水でぬらすと、きれいにはがれます。"
PLAIN = "俳句は五七五の十七音からなる。"
ENOUGH = 0.7
"""Of answers that are cut at any character of a sentence that is not their first."""


def _whole(answer: str, asked: str = "教えてください") -> bool:
    return TruncationCheck().look(row(asked, answer)).ok


def _asked(message: str) -> bool:
    return TruncationCheck().look(row(message, "はい、承知しました。")).ok


BROKEN = {
    "particle": ["新しい紙を貼るときは", "費用は手数料と", "桟に残った糊を"],
    "conjunction": ["そして", "また、", "たとえば", "ただし", "なぜなら、"],
    "adverb": ["次にもう一度", "無理なら残念ながら", "作業の前に必ず"],
    "verb": ["よく乾かしてくださ", "糊を薄く伸ばし", "端から順に貼れ", "紙を細かく砕い"],
    "polite to plain": ["次に桟の汚れを落とす", "作業は晴れた日にした"],
    "noun in a sentence": ["糊を均一に伸ばし、余分な紙を刃物", "まず道具", "効果が半減すると期待"],
    "half word": ["次に新しい発酵マッ", "乾きが悪いと紙を傷", "翌週にもう一", "目安は7月下"],
    "number": ["締め切りは3月1", "幅は約1.2", "値段はおよそ6,"],
}
"""What comes after a polite sentence and is no end."""
LINES = [
    "光合成とは、植物が光を使って二酸化炭素と水から",
    "必須ではありませんが、冬は飲み水を電気",
    "必要書類は、本人確認書類、印鑑、そして",
    "公式サイトはこちらです。https://www.e-tax.n",
    "公式サイトはこちらです。\nhttps://www.nta.go",
    "公式サイトはこちらです。https://www.",
    "取り消すには `git res",
    "手取りは\n50万 − 7万 =",
    "次の式です。\n$$\\left(x+1\\right)^2=\\frac{b",
    "解は $x = 2, \\frac{1",
    '{"name": "田中", "age": 30',
    "Sub Main()\nRows(r).De",
    '<div class="a',
    "Dear Desk,\n\nI will arrive at 11 a.m. on May 3, and I would like you to keep my lugg",
    "【手順1】聞く\n書き留めます。\n\n【手順2】直す\n直します。\n\n【手順3】",
    "**原因**\n乾燥です。\n\n**対策**",
    "1. 通信費\n下がります。\n\n2. 保険",
    "Q1. 返品は？\nA1. 可能です。\n\nQ2. 送料は？\nA2.",
    "理由は3つあります。\n\n1つ目は費用です。\n\n2つ目は時間です。",
    "次の3つです。\n\n1. **読書**\n知識が増えます。\n\n2. **散歩**\n気が晴れます。",
    "1. 切磋琢磨：励まし合う\n2. 粉骨砕身：力を尽くす\n3. 不撓不",
    "1. 裾を決める\n2. 幅を決め、下前を入れて",
    "1. 自己紹介\n2. 志望動機\n3. 長所と",
]
"""Answers that break off."""
WHOLE = [
    "断然ラーメン。チーズのリゾットも捨てがたいけどね",
    "蒸し器なかったら、レンジで1分半やで",
    'printf("\\n");',
    "C++",
    "駐車場あり、要予約",
    "1. メリット\n2. デメリット",
    "海老フライ。次はとんかつ",
    "水はけのいい土に植えて、夏は半日陰へ",
    "ベランダで十分育ちます。日当たりは半日あれば大丈夫",
    "まずは1週間、同じ時間に起きてみて",
    "大丈夫、誰だって最初は初心者だから",
    "散歩は涼しい夜明けの早朝が吉",
    "def f(n):\n    a = 1\n    return a",
    "ありません。2m以上離すことだけ確認を",
    "水位を決めているため。毛布なら多めに入る",
    "まず床だけ片付けよう。15分たったら終わり",
    "会社の人事部。ハローワークではないので注意",
    "白のほうが明るい。迷ったら白で",
    "本の一冊目。短いので、久しぶりの読書にぴったり",
    "9時発なら8時40分には駅へ",
    "`[x**2 for x in y]` のように書きます",
    "主演は役所さんです。監督は西川さん",
    "今日は鍋です。白菜と豚肉を交互に重ねるだけ",
    "県産です🍓 #朝活 #いちご",
    "白菜、しそ、ねぎ",
    "https://git-scm.com/doc",
    "https://www.wbgt.env.go.jp/",
    "理由は2つです。\n1. 安い\n2. 近い",
    "次の2つです。\n\n**1. 乾燥**\n加湿を。\n\n**2. 寒さ**\n暖房を。",
    "電車：早い\n車：楽",
    "「昨日は映画を見に行きました」",
    "10 × 1.1 = 11円",
    "日時：4月3日 10時\n場所：第2会議室\n\n総務部 田中",
]
"""Answers that end as they may, without a full stop."""
USERS_BROKEN = [
    "社内報の原稿です。テーマは健康で、社長の方針については必ず",
    "冷蔵庫の中身は豚こまとキャベツ、あと玉ねぎが2個とにんじ",
    "薬を飲んでいます。何を増やせばいいか、それと飲み合わせで気をつける",
    "うちの犬、目が見えなくなってきました。家具の角にはクッションを",
    "議事録を要約してください。\n・当番は班ごと\n・鍵は班長が\n・肥料代は",
    "見積もりの内容に誤りがあり、修正をお願いし",
    "面接で前職のことを聞かれます。退職理由を、人間関係と",
    "予算案を作っています。広告費と交通費のどちらを",
    "下の内容で案内文を作ってください。\n日時：5月10日\n場所：",
    '次の文を訳してください。\n"The quick brown fox',
    "一人暮らしです。自炊を始めたんですが、野菜がすぐ",
    "来週の発表で、資料をまとめて、要らない列を削除し",
    "無視するのもかわいそうで、できれば",
]
USERS_WHOLE = [
    "母の日の贈り物で迷ってます。花は去年あげたので",
    "来月沖縄に行くので、雨でも遊べるところ、子連れで",
    "洗濯機の音がうるさい、掃除したばかりなのに…",
    "夫が定年を迎えます。二人で始められる趣味を",
    "昨日から頭が痛くて、熱は37度。病院行くべきか迷ってて",
    "駅前の店について、口コミを見てもよくわからないんだけど",
    "予算は5万まで、女でも使えるやつ。充電式ってどうなんだろ",
    "祖父の米寿のお祝い。赤いちゃんちゃんこって米寿だっけ",
    "ベランダが北向き。それでも育つ野菜って",
]


@pytest.mark.parametrize("tail", [tail for tails in BROKEN.values() for tail in tails])
def test_a_tail_that_is_no_end_breaks_off_after_a_polite_sentence(tail: str) -> None:
    assert _whole(POLITE)
    assert not _whole(f"{POLITE}{tail}")


@pytest.mark.parametrize("tail", ["季節感が生", "季語を入れ", "もう一つは", "形を細かく砕い"])
def test_a_tail_that_is_no_end_breaks_off_after_a_plain_sentence(tail: str) -> None:
    assert not _whole(f"{PLAIN}{tail}")
    assert _whole(f"{PLAIN}季語を一つ入れる")


@pytest.mark.parametrize("answer", LINES)
def test_an_answer_breaks_off(answer: str) -> None:
    assert not _whole(answer)


@pytest.mark.parametrize("answer", WHOLE)
def test_an_answer_may_end_without_a_full_stop(answer: str) -> None:
    assert _whole(answer)


@pytest.mark.parametrize("message", USERS_BROKEN)
def test_a_users_message_breaks_off(message: str) -> None:
    assert not _asked(message)


@pytest.mark.parametrize("message", USERS_WHOLE)
def test_a_user_may_leave_the_rest_out(message: str) -> None:
    assert _asked(message)


def test_fragments_that_are_asked_for_may_break_off() -> None:
    fragments = "1. 昨日、駅前で\n2. 冷蔵庫を開けると、"
    assert _whole(fragments, "途中で切れた文を2つ")
    assert not _whole(fragments, "昨日のことを教えて")


def test_most_answers_that_are_cut_at_any_character_are_found() -> None:
    cuts = list(_cuts())
    found = sum(not _whole(cut) for cut in cuts)
    print(f"{found} of {len(cuts)} cuts are found")
    assert len(cuts) > 150
    assert found >= ENOUGH * len(cuts)


def _cuts() -> Iterator[str]:
    """Whole Japanese answers, each cut within a later sentence of its last line."""
    draw = named_random(1, "tests.cuts", "")
    seen: dict[str, None] = {}
    for half in ("a", "b", "c", "d"):
        for case in read_cases(half):
            if case.ok and isinstance(case.row, dict):
                said = case.row.get("messages", ())[-1:]
                seen.update((one["content"], None) for one in said if one["role"] == "assistant")
    for answer in seen:
        first = re.search(r"[。！？]", answer.rsplit("\n", 1)[-1][:-1])
        if first is None or not answer.endswith("。") or re.search("[가-힣]|```", answer):
            continue
        begin = len(answer) - len(answer.rsplit("\n", 1)[-1]) + first.end()
        places = [
            at
            for at in range(begin + 1, len(answer))
            if not re.search("[。！？]", answer[at - 1 : at + 1])
        ]
        if places:
            yield answer[: draw.choice(places)]
