"""Prepares DIR: a first signing key, the tables, the users and the clients. What is there already stays."""
import os

import django
from django.core.management import call_command

from . import keys

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
CLIENTS = {  # name: secret ("": a public client), grant type, asks for consent
    "lab-public": ("", "authorization-code", False),
    "lab-public2": ("", "authorization-code", False),
    "lab-consent": ("", "authorization-code", True),
    "lab-two-uris": ("", "authorization-code", False),
    "lab-confidential": (os.environ["INTEROP_CLIENT_SECRET"], "authorization-code", False),
    "lab-service": (os.environ["INTEROP_SERVICE_SECRET"], "client-credentials", False),
    "lab-device": ("", DEVICE, False),
    "lab-device2": ("", DEVICE, False),
}


def redirect_uris(name):
    second = " https://client.example/callback/" if name == "lab-two-uris" else ""
    return os.environ["CALLBACK"] + second


def seed():
    from django.contrib.auth import get_user_model
    from oauth2_provider.models import get_application_model

    call_command("migrate", run_syncdb=True, verbosity=0)
    users = get_user_model().objects
    for name in ("alice", "bob"):
        if not users.filter(username=name).exists():
            users.create_user(name, f"{name}@example.test", f"{name}-pw")
    for name, (secret, grant, asks) in CLIENTS.items():
        get_application_model().objects.update_or_create(
            client_id=name,
            defaults={
                "name": name,
                "client_type": "confidential" if secret else "public",
                "client_secret": secret,
                "authorization_grant_type": grant,
                "skip_authorization": not asks,
                "algorithm": "" if grant == "client-credentials" else "RS256",
                "redirect_uris": redirect_uris(name) if grant == "authorization-code" else "",
                "post_logout_redirect_uris": os.environ["LOGGED_OUT"],
            },
        )


if not keys.load():
    keys.add()
django.setup()
seed()
