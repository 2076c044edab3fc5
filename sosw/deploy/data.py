"""What an environment keeps when its stack goes."""

from __future__ import annotations

from dataclasses import dataclass

from sosw.deploy.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """What of it is there."""

    tables: tuple[str, ...] = ()
    bucket: str | None = None
    """That of the archive."""
    is_whole: bool = False
    """No table is missing: they can be asked."""

    @property
    def names(self) -> tuple[str, ...]:
        """All of it."""
        return (*self.tables, *([self.bucket] if self.bucket else []))

    @classmethod
    def of(cls, site: Site, prefix: str) -> Data:
        """Looks for it."""
        expected = site.service(prefix).tables()
        tables = tuple(table for table in expected if site.belongings.table_is_there(table))
        bucket = f"{prefix}-{site.belongings.account()}-{site.stacks.region}"
        has_bucket = site.belongings.has_bucket(bucket)
        return cls(tables=tables, bucket=bucket if has_bucket else None, is_whole=len(tables) == len(expected))

    def delete(self, site: Site) -> None:
        """With all that is in it."""
        for table in self.tables:
            site.belongings.delete_table(table)
        if self.bucket:
            site.belongings.delete_bucket(self.bucket)


NONE = Data()
