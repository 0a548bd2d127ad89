"""Signs of life of what runs without a page: the schedule, and through it a worker."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models.functions import Now


class Pulse(models.Model):
    """When something last ran, by the database's clock."""

    name = models.CharField(max_length=40, unique=True)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.name} {self.at}"

    @classmethod
    def felt(cls, name: str) -> None:
        cls.objects.update_or_create(name=name, defaults={"at": Now()})

    @classmethod
    def last(cls, name: str) -> datetime | None:
        return cls.objects.filter(name=name).values_list("at", flat=True).first()
