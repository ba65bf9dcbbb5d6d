"""Where the personas of a run come from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from matrix_sim.config.section import Section
from matrix_sim.personas.model import LISTS

Columns = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    Field(min_length=1, description="a list of column names"),
]


Anonymising = Literal["none", "rules", "llm"]
InvalidRows = Literal["stop", "skip"]


class FieldConfig(Section):
    """Where an attribute stands in a table; `city` is short for `{columns: [city]}`."""

    columns: Columns
    """Columns; `profile.city` looks into a nested one, or into a text that holds an object. Several
    are put together in that order; of `age`, the first that has one counts."""
    separator: Annotated[str, Field(min_length=1)] | None = None
    """Between the items of a list that is one text, such as `,`; without it a list has to be a
    real list, or a text that holds a JSON or Python list."""
    default: str | None = None
    """What a row gets that has nothing there."""

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"columns": [value]}
        return {"columns": value} if isinstance(value, list) else value


Mapped = Annotated[
    FieldConfig | None,
    Field(
        description="a column name, a list of column names, or a mapping with keys of: "
        + ", ".join(FieldConfig.model_fields)
    ),
]


class FieldsConfig(Section):
    """Which columns make which attribute; one that is left out takes the column of its own name."""

    id: Mapped = None
    """What tells rows apart; without a column, a hash of what the row says."""
    name: Mapped = None
    """How others address the person."""
    handle: Mapped = None
    """Account names, for `social`: they are looked for in the texts and never kept."""
    age: Mapped = None
    """In years, from 0 to 130: 49, 49.0, 49歳, 49 years old."""
    sex: Mapped = None
    """As the source words it."""
    marital_status: Mapped = None
    """As the source words it."""
    education: Mapped = None
    """As the source words it."""
    occupation: Mapped = None
    """What the person works as."""
    region: Mapped = None
    """Where the person lives."""
    description: Mapped = None
    """One paragraph on who this is; every row needs one."""
    details: Mapped = None
    """Further paragraphs, each column or list item one."""
    interests: Mapped = None
    """A list."""
    skills: Mapped = None
    """A list."""
    posts: Mapped = None
    """Past posts, newest last, each column or list item one."""

    @model_validator(mode="after")
    def _entries_fit(self) -> FieldsConfig:
        for name in type(self).model_fields:
            entry: FieldConfig | None = getattr(self, name)
            if entry is not None and entry.separator is not None and name not in LISTS:
                raise ValueError(
                    f"'{name}' is one text and takes no separator; "
                    f"separators are for {', '.join(LISTS)}"
                )
        if self.age is not None and self.age.default and not self.age.default.isdecimal():
            raise ValueError("the default of 'age' is a whole number of years, such as '40'")
        return self


class HubConfig(Section):
    """A data set of the Hugging Face hub, streamed; needs the extra `hf`."""

    id: Annotated[str, Field(min_length=1)]
    """`owner/name`."""
    name: str | None = None
    """Which of its configurations, where it has several."""
    split: str = "train"
    """Which split."""
    revision: str | None = None
    """Branch, tag or commit; the newest of the main branch if absent."""


class PersonasConfig(Section):
    """Where the personas come from."""

    source: Literal["nemotron", "table", "social", "builtin", "sampler"] = "builtin"
    """`nemotron`: the schema of nvidia/Nemotron-Personas-Japan; `table`: any table, see `fields`;
    `social`: profiles with past posts, anonymised; `builtin`: the small hand-written set in the
    package; `sampler`: made up by rule, as many as you like."""
    path: Path | None = None
    """CSV, JSONL or Parquet file, or a folder of such; relative to the config file."""
    hub: HubConfig | None = None
    """A data set of the Hugging Face hub in place of `path`."""
    like: Path | None = None
    """For `sampler`: a file of personas whose attributes are recombined."""
    count: Annotated[int, Field(ge=1)] | None = None
    """How many, chosen by the seed; all if absent."""
    fields: FieldsConfig = FieldsConfig()
    """For `table` and `social`: which columns make which attribute."""
    invalid: InvalidRows = "stop"
    """What happens to a row that cannot be read as a persona: `stop` says which and ends; `skip`
    leaves it out and says how many were left out, and why."""
    anonymise: Anonymising | None = None
    """`rules`: names, e-mail addresses, numbers and links are replaced by rule; `llm`: after that a
    model looks for what is left, and those it gives no usable reply about are left out; unset:
    `rules` for `social`, `none` for the others."""

    @model_validator(mode="after")
    def _belongs_together(self) -> PersonasConfig:
        places = [self.path is not None, self.hub is not None]
        if self.source in ("builtin", "sampler"):
            if any(places):
                raise ValueError(
                    f"source '{self.source}' takes no path and no hub; say 'source: nemotron', "
                    "'table' or 'social' to read a file"
                )
        elif sum(places) != 1:
            raise ValueError(f"source '{self.source}' needs a path, or a hub data set in its place")
        if self.source == "sampler" and self.count is None:
            raise ValueError("source 'sampler' needs a count")
        if self.source == "sampler" and self.anonymise not in (None, "none"):
            raise ValueError("people that the sampler makes up need no 'anonymise'; leave it out")
        if self.like is not None and self.source != "sampler":
            raise ValueError("'like' is for source 'sampler'")
        if self.fields != FieldsConfig() and self.source not in ("table", "social"):
            raise ValueError("'fields' are for source 'table' and 'social'")
        if self.fields.handle is not None and self.source != "social":
            raise ValueError("'fields.handle' is for source 'social'")
        if self.source == "social" and self.anonymise == "none":
            raise ValueError("source 'social' is always anonymised; say 'source: table' otherwise")
        return self

    @property
    def anonymised(self) -> Anonymising:
        """What `anonymise` comes to for this source."""
        return self.anonymise or ("rules" if self.source == "social" else "none")
