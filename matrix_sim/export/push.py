"""An exported folder on the Hugging Face hub, by its own client (the extra `hf`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from matrix_sim import __version__
from matrix_sim.errors import MatrixSimError, RunFailure, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from huggingface_hub import HfApi

_OURS = ("*.jsonl", "*.parquet", "dataset_info.json", "axolotl.yaml")
"""What an earlier push may have left there; goes in the same commit unless it is sent again."""
_UNAUTHORISED, _FORBIDDEN = 401, 403


def hub_client() -> HfApi:
    """The hub's client, with the token from HF_TOKEN or its own log-in.

    Raises:
        UsageError: it is not installed, or there is no token.
    """
    try:
        from huggingface_hub import HfApi, get_token
    except ImportError as error:
        raise UsageError(
            "pushing to the Hugging Face hub needs the package 'huggingface_hub', which is not "
            "installed: pip install 'matrix-sim[hf]'"
        ) from error
    token = get_token()
    if token is None:
        raise UsageError(
            "no token for the Hugging Face hub; set HF_TOKEN to one that may write, or log in "
            "with 'hf auth login'"
        )
    return HfApi(token=token, library_name="matrix-sim", library_version=__version__)


def push_folder(
    api: HfApi, folder: Path, files: Sequence[str], repo_id: str, *, private: bool
) -> str:
    """Make the files of a folder a data set's, in one commit; returns its address.

    Args:
        api: the hub's client.
        folder: where the files are.
        files: what is sent; whatever else lies there is not.
        repo_id: `owner/name`; made if it is not there.
        private: whether a repository that is made is private.

    Raises:
        UsageError: the hub does not take the id, the token or the card.
        RunFailure: it cannot be reached, or does not take it now.
    """
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()
    try:
        made = api.create_repo(repo_id, repo_type="dataset", private=private or None, exist_ok=True)
        api.upload_folder(
            repo_id=made.repo_id,
            repo_type="dataset",
            folder_path=folder,
            allow_patterns=list(files),
            delete_patterns=list(_OURS),
            commit_message="Data set made with matrix-sim",
        )
    except HFValidationError as error:
        raise UsageError(f"{repo_id}: {_said(error, api)}; give OWNER/NAME") from None
    except HfHubHTTPError as error:
        raise _refusal(error, repo_id, api) from None
    except (ValueError, OSError) as error:
        # A card that the hub does not take; no connection.
        kind = UsageError if isinstance(error, ValueError) else RunFailure
        raise kind(f"{repo_id}: not pushed: {_said(error, api)}") from None
    except Exception as error:  # whatever its HTTP client makes of a network
        raise RunFailure(
            f"{repo_id}: the hub at {api.endpoint} cannot be reached ({_said(error, api)}); "
            "what was exported is kept, and the same command sends it"
        ) from None
    return str(made)


def _refusal(error: Exception, repo_id: str, api: HfApi) -> MatrixSimError:
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    if status == _UNAUTHORISED:
        return UsageError(
            f"{repo_id}: the hub does not know the token; set HF_TOKEN to one that may write, or "
            "log in with 'hf auth login'"
        )
    if status == _FORBIDDEN:
        return UsageError(
            f"{repo_id}: the token may not write there ({_said(error, api)}); give an owner that "
            "it belongs to, or a token with the right to write"
        )
    return RunFailure(f"{repo_id}: the hub refused it ({_said(error, api)})")


def _said(error: Exception, api: HfApi) -> str:
    """What an error says, in one line, without the token, whatever threw it back."""
    told = " ".join(f"{type(error).__name__}: {error}".split())
    return told.replace(api.token, "***") if isinstance(api.token, str) else told
