"""The base of models that are read from a YAML file."""

from pydantic import BaseModel, ConfigDict


class FileModel(BaseModel):
    """A frozen model in which a misspelt key is an error and defaults are checked like given values."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)
