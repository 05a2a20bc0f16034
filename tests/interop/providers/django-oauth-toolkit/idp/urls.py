from django.conf import settings
from django.contrib.auth.views import LoginView, LogoutView
from django.http import JsonResponse
from django.urls import include, path
from oauth2_provider.decorators import protected_resource
from oauth2_provider.urls import metadata_urlpatterns
from oauth2_provider.views.device import DeviceAuthorizationView
from oauthlib.oauth2 import DeviceApplicationServer


class DeviceServer(DeviceApplicationServer):
    """The toolkit has no setting for a device code's life time, and oauthlib's is fixed."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._expires_in = settings.DEVICE_TTL


class DeviceAuthorization(DeviceAuthorizationView):
    server_class = DeviceServer  # read from the class, so as_view(server_class=...) would not do


@protected_resource(scopes=["read"])
def api(request):
    return JsonResponse({"user": str(request.resource_owner or "")})


urlpatterns = [
    path("accounts/login/", LoginView.as_view()),
    path("accounts/logout/", LogoutView.as_view()),
    path("api", api),
    path("o/device-authorization/", DeviceAuthorization.as_view()),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("", include((metadata_urlpatterns, "metadata"))),
]
