"""A consumer of RabbitMQ: `orders_queue.py PORT declare` makes the durable queue `orders`; `orders_queue.py PORT take`
takes all that is in it and prints each message as a line of JSON."""

import json
import sys

import pika

port, what = sys.argv[1], sys.argv[2]
parameters = pika.URLParameters(f"amqp://guest:guest@127.0.0.1:{port}/%2F")
connection = pika.BlockingConnection(parameters)
channel = connection.channel()
if what == "declare":
    channel.queue_declare("orders", durable=True)
else:
    while True:
        method, properties, body = channel.basic_get("orders", auto_ack=True)
        if method is None:
            break
        print(json.dumps({
            "headers": properties.headers, "mode": properties.delivery_mode,
            "id": properties.message_id, "type": properties.type, "body": json.loads(body),
        }))
connection.close()
