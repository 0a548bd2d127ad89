"""Addresses of the site: sign-in, the host's pages, the plug-in's pages, the admin site."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import LogoutView, PasswordResetDoneView
from django.urls import include, path

from stories_qa.views import account, errors, site

urlpatterns = [
    path("", site.home, name="home"),
    path("sign-in/", site.SignIn.as_view(), name="login"),
    path("sign-out/", LogoutView.as_view(), name="logout"),
    path("account/", account.account, name="account"),
    path("password/reset/", site.ResetPassword.as_view(), name="password_reset"),
    path("password/reset/sent/", PasswordResetDoneView.as_view(), name="password_reset_done"),
    path("password/reset/<uidb64>/<token>/", site.ChooseNewPassword.as_view(), name="password_reset_confirm"),
    path("password/", site.ChangePassword.as_view(), name="password_change"),
    path("theme/", site.choose_theme, name="theme"),
    path("admin/", admin.site.urls),
    path("", include("stories_qa.urls")),
    path("", include("jira_integration.urls")),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error
