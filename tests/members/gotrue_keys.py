"""The keys that the stand-in signs with."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm


@dataclass
class Key:
    """A P-256 key, as a Supabase project makes them today."""

    private: ec.EllipticCurvePrivateKey
    kid: str

    @property
    def public(self) -> ec.EllipticCurvePublicKey:
        return self.private.public_key()

    @property
    def pem(self) -> bytes:
        """The public key as a forger finds it."""
        return self.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @property
    def jwk(self) -> dict[str, Any]:
        """One of the JWKS."""
        known = ECAlgorithm.to_jwk(self.public, as_dict=True)
        return dict(known) | {"kid": self.kid, "alg": "ES256", "use": "sig", "key_ops": ["verify"]}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        return jwt.encode(claims, self.private, "ES256", headers={"kid": self.kid} | header)


def new_key() -> Key:
    """A key that nobody else has."""
    return Key(ec.generate_private_key(ec.SECP256R1()), str(uuid4()))
