"""The stored form of a connectivity package, one row for each version of a listing that is one."""

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint
from sqlmodel import Field, SQLModel

from becta.catalogue.connectivity.rules import AccessType, Cover, Failover
from becta.kernel.tables import EnumText


class ConnectivityRow(SQLModel, table=True):
    """Typed facts of a package; see `ConnectivityPackage` for units."""

    __tablename__ = "connectivity_package"
    __table_args__ = (
        CheckConstraint("download_mbps > 0 AND upload_mbps > 0", name="speeds_positive"),
        CheckConstraint("install_charge_pence >= 0", name="install_charge_not_negative"),
        CheckConstraint("term_months > 0", name="term_positive"),
    )

    version_id: UUID = Field(primary_key=True, foreign_key="listing_version.id", ondelete="CASCADE")
    access_type: AccessType = Field(sa_type=EnumText(AccessType))
    download_mbps: int
    upload_mbps: int
    term_months: int
    committed_mbps: int | None = None
    contention_ratio: int | None = None
    install_charge_pence: int = Field(default=0, sa_type=BigInteger)
    excess_construction_cap_pence: int | None = Field(default=None, sa_type=BigInteger)
    notice_days: int | None = None
    auto_renews: bool = False
    availability_basis_points: int | None = None
    target_fix_hours: int | None = None
    hours_of_cover: Cover | None = Field(default=None, sa_type=EnumText(Cover))
    service_credit_basis_points_per_hour: int | None = None
    static_ips: int = 0
    router_included: bool = False
    firewall_included: bool = False
    filtering_product: str = Field(default="", max_length=120)
    failover: Failover = Field(default=Failover.NONE, sa_type=EnumText(Failover))
    failover_seconds: int | None = None
    ddos_protection: bool = False
    rpki_validation: bool = False
    ipv6: bool = False
    depends_on_pstn: bool = False
