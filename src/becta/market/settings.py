"""Settings, read from the environment once. The only module that may look there."""

from functools import cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where the marketplace runs and keeps its data. Every value has a working default."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore", frozen=True)

    data_dir: Path = Field(default=Path("var/live"), description="Folder of the embedded database and the search index")
    database_url: str | None = Field(default=None, description="PostgreSQL address; unset, SQLite in DATA_DIR")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    workers: int = Field(default=1, ge=1, description="Server processes")
    threads: int = Field(default=8, ge=1, le=64, description="Handler threads and database connections of a process")
    demo: bool = Field(default=False, description="Say on every page that the data are a demonstration")

    @property
    def database(self) -> str:
        """The SQLAlchemy address of the database in use."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'market.db').resolve()}"

    @property
    def index_dir(self) -> Path:
        """Where the search index lives."""
        return self.data_dir / "index"


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
