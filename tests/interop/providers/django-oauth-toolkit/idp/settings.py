import os

from .keys import DIR, load

BASE = os.environ["BASE"]
_keys = load()


def _seconds(name, default):
    return int(os.environ.get(name, default))


SECRET_KEY = "interop-only"
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "idp.urls"
LOGIN_URL = "/accounts/login/"
TIME_ZONE = "UTC"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "oauth2_provider",
]
MIGRATION_MODULES = {app.split(".")[-1]: None for app in INSTALLED_APPS}  # tables straight from the models: quick
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DIR / "db.sqlite3",
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"},
    }
}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [os.path.join(os.path.dirname(__file__), "templates")],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ]
        },
    }
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "loggers": {"django.request": {"handlers": ["stderr"], "level": "ERROR"}},
}
if os.environ.get("FAST_HASH", "1") == "1":
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

DEVICE_TTL = _seconds("DEVICE_TTL", 1800)
OAUTH2_PROVIDER = {
    "OIDC_ENABLED": True,
    "OIDC_ISS_ENDPOINT": f"{BASE}/o",
    "OIDC_RSA_PRIVATE_KEY": _keys[-1] if _keys else "",
    "OIDC_RSA_PRIVATE_KEYS_INACTIVE": _keys[:-1],
    "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
    "OAUTH2_VALIDATOR_CLASS": "idp.validator.Validator",
    "SCOPES": {"openid": "OpenID", "profile": "Profile", "email": "E-mail", "read": "Read", "write": "Write"},
    "DEFAULT_SCOPES": ["read"],
    "ALLOWED_SCHEMES": ["http", "https"],
    "PKCE_REQUIRED": os.environ.get("PKCE_REQUIRED", "1") == "1",
    "AUTHORIZATION_CODE_EXPIRE_SECONDS": _seconds("CODE_TTL", 60),
    "DEVICE_FLOW_INTERVAL": _seconds("DEVICE_INTERVAL", 5),
    "OAUTH_DEVICE_VERIFICATION_URI": f"{BASE}/o/device/",
    "OAUTH_DEVICE_VERIFICATION_URI_COMPLETE": lambda user_code: f"{BASE}/o/device/?user_code={user_code}",
}
if os.environ.get("RFC9700") == "1":
    gates = ["PKCE_METHOD", "IMPLICIT_GRANT", "PASSWORD_GRANT", "ACCESS_TOKEN_TRANSPORT", "AUTHZ_RESPONSE_ISS", "TOKEN_STORAGE"]
    OAUTH2_PROVIDER |= {f"COMPLIANT_BCP_RFC9700_{gate}": True for gate in gates}
    OAUTH2_PROVIDER["REFRESH_TOKEN_REUSE_PROTECTION"] = True
