"""The admin's own door and title, people, sign-in records."""

from django.contrib import admin

from accounts.admin import people, sign_ins
from accounts.forms import AdminSignInForm

__all__ = ["people", "sign_ins"]

admin.site.site_header = "Lucy 관리"
admin.site.site_title = "Lucy 관리"
admin.site.index_title = "운영"
admin.site.login_form = AdminSignInForm
