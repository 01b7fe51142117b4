"""Every setting once. What an administrator may set is listed in `.env.example`."""

from datetime import timedelta

import django_stubs_ext
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from lucy.env import BASE_DIR, PROFILE, VAR_DIR, address, env, field_keys, secret_key

django_stubs_ext.monkeypatch()  # lets Django's generic classes be subscripted at run time

# --- who may reach it -------------------------------------------------------------------------------------
DEBUG = env.bool("LUCY_DEBUG", False)
SECRET_KEY = secret_key()
FIELD_KEYS = field_keys()
ALLOWED_HOSTS = env.list("LUCY_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
HTTPS = env.bool("LUCY_HTTPS", False)  # True behind a TLS proxy: secure cookies, HSTS, redirect
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS] if HTTPS else []
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
PROXIES = env.int("LUCY_PROXIES", int(HTTPS))  # whose ends of X-Forwarded-For are believed
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = HTTPS
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 60 * 60 * 12
CSRF_COOKIE_SECURE = HTTPS
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- what it is made of -----------------------------------------------------------------------------------
INSTALLED_APPS = [
    "daphne",
    "lucy.apps.MongoAdminConfig",
    "lucy.apps.MongoAuthConfig",
    "lucy.apps.MongoContentTypesConfig",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "lucy.apps.MongoBeatConfig",
    "lucy.apps.MongoAxesConfig",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
    "lucy.apps.LucyConfig",
    "accounts",
    "brokers",
    "brokers.blocks",
    "ipo",
    "screener",
    "lucy.jobs",
]
MIGRATION_MODULES = {
    "admin": "mongo_migrations.admin",
    "auth": "mongo_migrations.auth",
    "contenttypes": "mongo_migrations.contenttypes",
    "django_celery_beat": "mongo_migrations.django_celery_beat",
    "axes": "mongo_migrations.axes",
}
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "lucy.urls"
ASGI_APPLICATION = "lucy.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "lucy.context.everywhere",
            ]
        },
    }
]

# --- where it keeps things --------------------------------------------------------------------------------
MONGODB_URI = address("MONGODB_URI", "mongodb://127.0.0.1:27017/lucy?replicaSet=lucy")
REDIS_URL = address("REDIS_URL", "redis://127.0.0.1:6379/0")
DATABASES = {
    "default": {
        "ENGINE": "django_mongodb_backend",
        "HOST": MONGODB_URI,
        "NAME": env.str("MONGODB_NAME", "lucy"),
        # Acknowledged means on disk: a fill told to a trader survives a power cut.
        "OPTIONS": {"w": "majority", "journal": True, "retryWrites": True, "serverSelectionTimeoutMS": 5000},
    }
}
DATABASE_ROUTERS = ["django_mongodb_backend.routers.MongoRouter"]
DEFAULT_AUTO_FIELD = "django_mongodb_backend.fields.ObjectIdAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"pool_class": "lucy.cache.SharedPool"},
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "lucy"},
    }
}
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
JUDAL_DIR = VAR_DIR / "judal"  # one folder of CSV files a run
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True  # no collectstatic step on one machine

# --- language and time ------------------------------------------------------------------------------------
LANGUAGE_CODE = "ko"
TIME_ZONE = "Asia/Seoul"
USE_I18N = True
USE_TZ = True

# --- people -----------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "brokers:desk"
LOGOUT_REDIRECT_URL = "accounts:sign-in"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
AXES_FAILURE_LIMIT = env.int("LUCY_SIGN_IN_FAILURES", 5)
AXES_COOLOFF_TIME = timedelta(seconds=env.int("LUCY_SIGN_IN_PAUSE_SECONDS", 60))
AXES_CLIENT_IP_CALLABLE = "accounts.lockout.address_of"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_SENSITIVE_PARAMETERS = ["password", "app_key", "app_secret"]

# --- scripts ----------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.tokens.RevocableJWTAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": env.str("LUCY_API_RATE", "6000/min"), "sign_in": "30/min"},
    "NUM_PROXIES": PROXIES,
    "EXCEPTION_HANDLER": "lucy.errors.api_exception_handler",
    "COERCE_DECIMAL_TO_STRING": True,
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=1),
    "UPDATE_LAST_LOGIN": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Lucy",
    "DESCRIPTION": "Orders, fills, holdings and notices of Korean brokerage accounts.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
}

# --- work in the background -------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
DJANGO_CELERY_BEAT_TZ_AWARE = True

# --- brokers ----------------------------------------------------------------------------------------------
# "practice": every account speaks to the paper broker on this machine; "live": to the published addresses.
BROKERS = env.str("LUCY_BROKERS", "practice")
if BROKERS not in {"practice", "live"}:
    raise ImproperlyConfigured(f"LUCY_BROKERS is {BROKERS!r}; it must be 'practice' or 'live'.")
# In practice the market never closes, unless this is set; with real money the exchanges' hours always hold.
MARKET_HOURS = env.bool("LUCY_MARKET_HOURS", False)
_LIVE_ADDRESSES = {  # kis.md 1.1, ls.md 1.1
    ("kis", "real"): ("https://openapi.koreainvestment.com:9443", "ws://ops.koreainvestment.com:21000"),
    ("kis", "paper"): ("https://openapivts.koreainvestment.com:29443", "ws://ops.koreainvestment.com:31000"),
    ("ls", "real"): ("https://openapi.ls-sec.co.kr:8080", "wss://openapi.ls-sec.co.kr:9443/websocket"),
    ("ls", "paper"): ("https://openapi.ls-sec.co.kr:8080", "wss://openapi.ls-sec.co.kr:29443/websocket"),
}


def _practice_addresses(broker: str, server: str) -> tuple[str, str]:
    host = address(f"PAPER_{broker}_{server}".upper(), "127.0.0.1:1")
    return f"http://{host}", f"ws://{host}/websocket"


BROKER_ADDRESSES = {
    key: live if BROKERS == "live" else _practice_addresses(*key) for key, live in _LIVE_ADDRESSES.items()
}
# Requests per second and app key, below what holds in bursts; LS counts per TR besides (its codes.py).
BROKER_RATES = {("kis", "real"): 15.0, ("kis", "paper"): 1.8, ("ls", "real"): 10.0, ("ls", "paper"): 10.0}
BROKER_RATE_FACTOR = env.float("LUCY_RATE_FACTOR", 1.0)  # corporate contracts have more
LEASE_SECONDS = env.int("LUCY_LEASE_SECONDS", 6)
RECONCILE_SECONDS = env.float("LUCY_RECONCILE_SECONDS", 60.0)  # between two looks into a broker's books
NOTICES_LAG_SECONDS = env.float("LUCY_NOTICES_LAG_SECONDS", 3.0)  # how late a fill in a list may be told

# --- what it says -----------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LUCY_LOG_LEVEL", "INFO")},
    "loggers": {
        "django.server": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
    },
}
PROFILE_NAME = PROFILE
