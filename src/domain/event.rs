//! The events of a turn.

use serde::{Deserialize, Serialize};

use super::chat::{TurnDone, TurnStatus};
use super::emergency::TriageNotice;
use super::evidence::{Citation, Source};
use super::ids::{MessageId, TurnId};

/// The name of an event, as it is sent and cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventName {
    Turn,
    Triage,
    Sources,
    Delta,
    Citation,
    Restart,
    Reconnect,
    Error,
    Done,
}

impl EventName {
    const ALL: [Self; 9] = [
        Self::Turn,
        Self::Triage,
        Self::Sources,
        Self::Delta,
        Self::Citation,
        Self::Restart,
        Self::Reconnect,
        Self::Error,
        Self::Done,
    ];

    /// The name as sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Turn => "turn",
            Self::Triage => "triage",
            Self::Sources => "sources",
            Self::Delta => "delta",
            Self::Citation => "citation",
            Self::Restart => "restart",
            Self::Reconnect => "reconnect",
            Self::Error => "error",
            Self::Done => "done",
        }
    }

    /// The event of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == name)
    }

    /// Whether the event ends its turn.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Error | Self::Done)
    }

    /// Whether the event ends its stream.
    pub fn ends_stream(self) -> bool {
        self.is_terminal() || self == Self::Reconnect
    }

    /// Whether the event tells something of an answer or of the documents behind it.
    pub fn tells_content(self) -> bool {
        matches!(
            self,
            Self::Sources | Self::Delta | Self::Citation | Self::Done
        )
    }
}

/// One server-sent event of a turn.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
pub enum TurnEvent {
    Turn {
        turn_id: TurnId,
        message_id: MessageId,
        status: TurnStatus,
    },
    Triage(TriageNotice),
    Sources(Vec<Source>),
    Delta {
        text: String,
        /// Whether the text is a proved sentence; absent for the end of a line and for prepared
        /// texts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grounded: Option<bool>,
    },
    Citation(Citation),
    /// The text shown so far is void; the answer starts again.
    Restart {
        reason: String,
    },
    /// This replica stops and the turn continues elsewhere: resume there. Ends the stream, but
    /// not the turn; it is no event of the turn and has no id.
    Reconnect {
        turn_id: TurnId,
    },
    /// An `application/problem+json` object; terminal.
    Error(serde_json::Value),
    Done(Box<TurnDone>),
}

impl TurnEvent {
    /// The name that goes before the data.
    pub fn name(&self) -> EventName {
        match self {
            Self::Turn { .. } => EventName::Turn,
            Self::Triage(_) => EventName::Triage,
            Self::Sources(_) => EventName::Sources,
            Self::Delta { .. } => EventName::Delta,
            Self::Citation(_) => EventName::Citation,
            Self::Restart { .. } => EventName::Restart,
            Self::Reconnect { .. } => EventName::Reconnect,
            Self::Error(_) => EventName::Error,
            Self::Done(_) => EventName::Done,
        }
    }

    /// The JSON body that follows `data:`.
    pub fn data(&self) -> serde_json::Value {
        serde_json::to_value(self)
            .ok()
            .and_then(|mut value| value.get_mut("data").map(serde_json::Value::take))
            .unwrap_or_default()
    }
}
