#include <amqp.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <string.h>
#include <sys/time.h>

// Swift sees no macros with casts, and calls no function with a variable number of arguments.

enum amqp_said { AMQP_SAID_ACK, AMQP_SAID_NACK, AMQP_SAID_RETURNED, AMQP_SAID_NOTHING };

/// Opens channel 1 of a connected socket, with confirms. Returns 0, or a library's status.
static inline int amqp_open_confirmed(
    amqp_connection_state_t state, const char *vhost, const char *user, const char *password
) {
    amqp_rpc_reply_t reply =
        amqp_login(state, vhost, 1, 131072, 0, AMQP_SASL_METHOD_PLAIN, user, password);
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) return reply.library_error;
    if (reply.reply_type != AMQP_RESPONSE_NORMAL) return AMQP_STATUS_CONNECTION_CLOSED;
    if (amqp_channel_open(state, 1) == NULL) return AMQP_STATUS_CONNECTION_CLOSED;
    if (amqp_confirm_select(state, 1) == NULL) return AMQP_STATUS_CONNECTION_CLOSED;
    return 0;
}

/// A persistent message with its headers, all of them text.
static inline amqp_basic_properties_t amqp_persistent(
    const char *id, const char *type, amqp_table_entry_t *entries, const char *const *names,
    const char *const *values, int count
) {
    amqp_basic_properties_t properties;
    memset(&properties, 0, sizeof properties);
    for (int index = 0; index < count; index++) {
        entries[index].key = amqp_cstring_bytes(names[index]);
        entries[index].value.kind = AMQP_FIELD_KIND_UTF8;
        entries[index].value.value.bytes = amqp_cstring_bytes(values[index]);
    }
    properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
                        AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_TYPE_FLAG |
                        AMQP_BASIC_HEADERS_FLAG;
    properties.content_type = amqp_cstring_bytes("application/json");
    properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
    properties.message_id = amqp_cstring_bytes(id);
    properties.type = amqp_cstring_bytes(type);
    properties.headers.num_entries = count;
    properties.headers.entries = entries;
    return properties;
}

/// Waits for the broker's word on the one message that is under way. A message that no queue takes
/// is returned and then acknowledged.
static inline enum amqp_said amqp_wait_for_word(amqp_connection_state_t state, int milliseconds) {
    struct timeval end, now, left;
    gettimeofday(&end, NULL);
    left.tv_sec = milliseconds / 1000;
    left.tv_usec = milliseconds % 1000 * 1000;
    timeradd(&end, &left, &end);
    int was_returned = 0;
    for (;;) {
        gettimeofday(&now, NULL);
        if (!timercmp(&now, &end, <)) return AMQP_SAID_NOTHING;
        timersub(&end, &now, &left);
        amqp_frame_t frame;
        amqp_maybe_release_buffers(state);
        if (amqp_simple_wait_frame_noblock(state, &frame, &left) != AMQP_STATUS_OK)
            return AMQP_SAID_NOTHING;
        if (frame.frame_type != AMQP_FRAME_METHOD) continue;
        switch (frame.payload.method.id) {
        case AMQP_BASIC_ACK_METHOD: return was_returned ? AMQP_SAID_RETURNED : AMQP_SAID_ACK;
        case AMQP_BASIC_NACK_METHOD: return AMQP_SAID_NACK;
        case AMQP_BASIC_RETURN_METHOD: {
            amqp_message_t message;
            amqp_rpc_reply_t reply = amqp_read_message(state, frame.channel, &message, 0);
            if (reply.reply_type != AMQP_RESPONSE_NORMAL) return AMQP_SAID_NOTHING;
            amqp_destroy_message(&message);
            was_returned = 1;
            break;
        }
        default: return AMQP_SAID_NOTHING; // the channel or the connection is closed
        }
    }
}
