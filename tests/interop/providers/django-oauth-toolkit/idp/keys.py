"""The signing keys: numbered PEM files in DIR. The last one signs, the others are only published."""
import os
from pathlib import Path

from jwcrypto.jwk import JWK  # the toolkit's own dependency

DIR = Path(os.environ["DIR"])


def load():
    return [file.read_text() for file in sorted(DIR.glob("signing-key-*.pem"))]


def add():
    key = JWK.generate(kty="RSA", size=2048)
    file = DIR / f"signing-key-{len(load()):03}.pem"
    file.write_bytes(key.export_to_pem(private_key=True, password=None))
