"""The BECTA 2.0 marketplace: where English schools buy technology well."""

__version__ = "0.1.0"
