"""Telling people by e-mail what concerns them: texts written when they are sent, sent by the outbox."""
