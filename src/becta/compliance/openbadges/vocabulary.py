"""The names that a verifier reads, class by class, and the IRIs that the published contexts make of them."""

CREDENTIALS = "https://www.w3.org/2018/credentials#"
BADGES = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#"
BITSTRING = "https://www.w3.org/ns/credentials/status#"
LIST_2021 = "https://w3id.org/vc/status-list#"
SECURITY = "https://w3id.org/security#"
SCHEMA = "https://schema.org/"

OF_CREDENTIALS = ("issuer", "credentialSubject", "credentialStatus", "evidence", "credentialSchema", "refreshService")
OF_IDENTITIES = ("hashed", "identityHash", "identityType", "salt")
OF_BADGES = ("endorsement", "identifier", "narrative", "endorsementComment", *OF_IDENTITIES)
OF_STATUSES = ("statusPurpose", "statusListIndex", "statusListCredential", "statusSize")
DATES = frozenset({"validFrom", "validUntil", "issuanceDate", "expirationDate"})

PREDICATES: dict[str, tuple[str, ...]] = {
    **{name: (CREDENTIALS + name,) for name in (*OF_CREDENTIALS, *DATES)},
    **{name: (BADGES + name,) for name in OF_BADGES},
    "achievement": tuple(BADGES + name for name in ("achievement", "achievement-0", "Achievement")),
    "criteria": (BADGES + "Criteria",),
    **{name: (SCHEMA + name, f"http://schema.org/{name}") for name in ("name", "description")},
    **{name: (BITSTRING + name, LIST_2021 + name) for name in (*OF_STATUSES, "encodedList")},
    "created": ("http://purl.org/dc/terms/created",),
    "expires": (SECURITY + "expiration",),
    **{name: (SECURITY + name,) for name in ("proofPurpose", "verificationMethod", "cryptosuite")},
}
"""Every IRI that some context of ours gives a name; a test holds this against the contexts."""

TYPES: dict[str, str] = {
    "VerifiableCredential": CREDENTIALS + "VerifiableCredential",
    "OpenBadgeCredential": BADGES + "OpenBadgeCredential",
    "AchievementCredential": BADGES + "OpenBadgeCredential",
    "EndorsementCredential": BADGES + "EndorsementCredential",
    **{
        name: BITSTRING + name
        for name in ("BitstringStatusListCredential", "BitstringStatusList", "BitstringStatusListEntry")
    },
    **{name: LIST_2021 + name for name in ("StatusList2021Credential", "StatusList2021", "StatusList2021Entry")},
    "1EdTechRevocationList": "https://purl.imsglobal.org/spec/vcrl/v1p0/context.json#1EdTechRevocationList",
    "DataIntegrityProof": SECURITY + "DataIntegrityProof",
    "Ed25519Signature2020": SECURITY + "Ed25519Signature2020",
}
"""Types on which a verifier acts."""

CLASSES: dict[str, dict[str, str]] = {
    "credential": {
        **dict.fromkeys(("name", "description", *sorted(DATES)), ""),
        "issuer": "profile",
        "credentialSubject": "subject",
        "credentialStatus": "status",
        "evidence": "evidence",
        **dict.fromkeys(("credentialSchema", "refreshService", "endorsement"), "thing"),
    },
    "profile": {"name": ""},
    "subject": {
        "achievement": "achievement",
        "identifier": "identity",
        **dict.fromkeys(("statusPurpose", "encodedList", "endorsementComment"), ""),
    },
    "achievement": {"name": "", "description": "", "criteria": "criteria"},
    "criteria": {"narrative": ""},
    "status": dict.fromkeys(OF_STATUSES, ""),
    "evidence": dict.fromkeys(("name", "description", "narrative"), ""),
    "identity": dict.fromkeys(OF_IDENTITIES, ""),
    "thing": {},
    "proof": dict.fromkeys(("created", "expires", "proofPurpose", "verificationMethod", "cryptosuite"), ""),
}
"""What is read of each class, and of which class that is; nothing for a plain value."""
