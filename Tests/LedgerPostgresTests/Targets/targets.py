"""Systems that a hub tells of its orders, as their makers built them: each on loopback, none of them
kind. Prints two ports, HTTP and SMTP, then serves until its standard input ends.

    targets.py RECORD SECRET

Whatever a target took is a line of JSON in RECORD, written before the answer goes out. An answer is
lost now and then, and a target is busy now and then. Only the ERP has a look-up, and it does not
mind having an order twice.
"""

import base64
import email
import email.header
import hashlib
import hmac
import json
import random
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

record_path, secret = sys.argv[1], sys.argv[2]
lock = threading.Lock()
orders = []


def record(**what):
    with lock, open(record_path, "a", encoding="utf-8") as file:
        file.write(json.dumps(what, ensure_ascii=False) + "\n")


def signed(key, text):
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


class Targets(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def is_lost(self):
        """The answer does not arrive, though what was asked was done."""
        if random.random() < 0.1:
            self.close_connection = True
            return True
        return False

    def do_GET(self):
        parts = urllib.parse.urlsplit(self.path)
        wanted = urllib.parse.parse_qs(parts.query).get("reference", [""])[0]
        with lock:
            found = [order for order in orders if order["reference"] == wanted]
        self.answer(200, {"orders": found})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"] or 0))
        parts = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(parts.query))
        if random.random() < 0.05:
            return self.answer(503, {"message": "later"})
        getattr(self, "take_" + parts.path.strip("/"))(body, query)

    def take_erp(self, body, query):
        order = json.loads(body)
        with lock:
            order["id"] = f"ERP-{len(orders) + 1}"
            orders.append(order)
        record(target="erp", key=order["reference"], order=order)
        if not self.is_lost():
            self.answer(201, order)

    def take_hook(self, body, query):
        stamp = self.headers["tallyman-timestamp"]
        code = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        if self.headers["tallyman-signature"] != "v1=" + code or abs(time.time() - int(stamp)) > 300:
            record(target="forged", path="hook")
            return self.answer(401, {"message": "forged"})
        event = json.loads(body)
        record(target="hook", key=event["id"], repeat=event["repeat"], event=event)
        if not self.is_lost():
            self.answer(202, {})

    def take_robot(self, target, body, is_signed, busy, fine):
        if not is_signed:
            record(target="forged", path=target)
            return self.answer(200, busy | {"errcode": 310000, "code": 19021})
        if random.random() < 0.05:
            return self.answer(200, busy)
        record(target=target, text=json.dumps(json.loads(body), ensure_ascii=False))
        if not self.is_lost():
            self.answer(200, fine)

    def take_wecom(self, body, query):
        self.take_robot("wecom", body, query.get("key") == "K", {"errcode": 45009, "errmsg": "freq"},
                        {"errcode": 0, "errmsg": "ok"})

    def take_feishu(self, body, query):
        card = json.loads(body)
        stamp = card.get("timestamp", "0")
        is_signed = card.get("sign") == signed(f"{stamp}\n{secret}", "")
        self.take_robot("feishu", body, is_signed and abs(time.time() - int(stamp)) < 3600,
                        {"code": 11232, "msg": "frequency limited"}, {"code": 0, "msg": "success"})

    def take_dingtalk(self, body, query):
        stamp = query.get("timestamp", "0")
        is_signed = query.get("sign") == signed(secret, f"{stamp}\n{secret}")
        self.take_robot("dingtalk", body, is_signed and abs(time.time() - int(stamp) / 1000) < 3600,
                        {"errcode": 130101, "errmsg": "send too fast"}, {"errcode": 0, "errmsg": "ok"})


class MailBox:
    async def handle_DATA(self, server, session, envelope):
        if random.random() < 0.05:
            return "451 4.7.1 later"
        mail = email.message_from_bytes(envelope.content)
        subject = str(email.header.make_header(email.header.decode_header(mail["subject"])))
        text = mail.get_payload(decode=True).decode("utf-8")
        record(target="mail", to=envelope.rcpt_tos, sender=envelope.mail_from, subject=subject, text=text,
               id=mail["message-id"], keys=mail.get_all("tallyman-key", []),
               repeats=mail.get_all("tallyman-repeat", []))
        return "250 OK"


def main():
    from aiosmtpd.controller import Controller

    # The controller takes no port 0. Below the ports that outgoing connections get.
    for port in random.sample(range(21_000, 32_000), 50):
        mail = Controller(MailBox(), hostname="127.0.0.1", port=port, ready_timeout=60)
        try:
            mail.start()
            break
        except OSError:
            continue
    web = ThreadingHTTPServer(("127.0.0.1", 0), Targets)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    print(web.server_address[1], mail.port, flush=True)
    sys.stdin.read()


main()
