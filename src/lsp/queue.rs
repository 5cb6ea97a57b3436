//! The messages that wait. A question that is taken back while it waits is not answered.

use lsp_server::{ErrorCode, Message, Notification, RequestId, Response};
use lsp_types::notification::{Cancel, Notification as _};
use lsp_types::{CancelParams, NumberOrString};
use std::collections::VecDeque;

/// The messages that wait, in order.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: VecDeque<Message>,
    ended: bool,
}

impl Queue {
    /// Adds a message. When it takes back a question that waits, the answer to that is given.
    pub fn push(&mut self, message: Message) -> Option<Message> {
        match &message {
            Message::Notification(notification) if notification.method == Cancel::METHOD => {
                let id = cancelled(notification)?;
                let is_it = |one: &Message| matches!(one, Message::Request(it) if it.id == id);
                let at = self.waiting.iter().position(is_it)?;
                self.waiting.remove(at);
                let code = ErrorCode::RequestCanceled as i32;
                Some(Response::new_err(id, code, "taken back by the client".to_owned()).into())
            }
            _ => {
                self.waiting.push_back(message);
                None
            }
        }
    }

    /// Notes that no more messages will come.
    pub const fn end(&mut self) {
        self.ended = true;
    }

    /// Whether no message waits and none will come.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.ended && self.waiting.is_empty()
    }

    /// The next message.
    pub fn pop(&mut self) -> Option<Message> {
        self.waiting.pop_front()
    }
}

fn cancelled(notification: &Notification) -> Option<RequestId> {
    let params: CancelParams = serde_json::from_value(notification.params.clone()).ok()?;
    Some(match params.id {
        NumberOrString::Number(id) => RequestId::from(id),
        NumberOrString::String(id) => RequestId::from(id),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use lsp_server::Request;
    use serde_json::json;

    #[test]
    fn a_question_that_is_taken_back_is_refused_and_the_others_keep_their_order() {
        let mut queue = Queue::default();
        for id in [1, 2, 3] {
            let request = Request::new(RequestId::from(id), "x".to_owned(), json!(null));
            assert!(queue.push(request.into()).is_none());
        }
        let cancel = |id: i32| Notification::new(Cancel::METHOD.to_owned(), json!({ "id": id }));
        let Some(Message::Response(refused)) = queue.push(cancel(2).into()) else {
            panic!("no answer")
        };
        assert_eq!(refused.id, RequestId::from(2));
        assert_eq!(refused.response_result.expect_err("refused").code, -32800);
        assert!(queue.push(cancel(9).into()).is_none(), "what is answered cannot be taken back");
        let ids = std::iter::from_fn(|| queue.pop()).map(|message| match message {
            Message::Request(request) => request.id,
            other => panic!("{other:?}"),
        });
        assert_eq!(ids.collect::<Vec<_>>(), [RequestId::from(1), RequestId::from(3)]);
    }
}
