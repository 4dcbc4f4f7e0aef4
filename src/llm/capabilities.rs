//! The parameters that each family of models accepts, as their makers documented them in November
//! 2026.
//!
//! A model answers 400 to a parameter that it does not know or no longer accepts. Thinking that
//! nobody asked for delays the first token and counts towards the output limit. So each family
//! states which parameters are sent and how much room its thinking needs. An unknown model is
//! treated like the newest of its provider: it gets only the parameters that every recent model
//! accepts. The configuration overrides each value (`llm.<provider>.parameters`).

use serde::Serialize;

use super::ProviderKind;
use super::parameters::{Effort, OutputLimit, ParameterOverrides, Thinking};

/// The parameters with which a model is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// Whether `temperature` is sent.
    pub temperature: bool,
    pub output_limit: OutputLimit,
    pub thinking: Thinking,
    pub effort: Effort,
    /// The tokens that the limit reserves for thinking, in addition to `llm.max_output_tokens`.
    pub thinking_tokens: u32,
}

/// The maker of a model, which decides how its names are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Maker {
    Anthropic,
    Gemini,
    OpenAi,
}

/// Models with similar names and the same parameters.
struct Family {
    maker: Maker,
    /// Each name stands for itself and for every name that continues it with `-`, `@` or `:`.
    names: &'static [&'static str],
    capabilities: Capabilities,
}

/// The room for thinking of a model that always thinks.
const THINKING_ROOM: u32 = 8_000;

/// Models without thinking: a temperature and a limit, nothing else.
const CLASSIC: Capabilities = Capabilities {
    temperature: true,
    output_limit: OutputLimit::MaxTokens,
    thinking: Thinking::Omit,
    effort: Effort::Omit,
    thinking_tokens: 0,
};

/// Claude since 4.7: no sampling parameters, and adaptive thinking controlled by the effort.
const CLAUDE: Capabilities = Capabilities {
    temperature: false,
    output_limit: OutputLimit::MaxTokens,
    thinking: Thinking::Omit,
    effort: Effort::Low,
    thinking_tokens: THINKING_ROOM,
};

/// Gemini since 3: thinking levels, which the compatible endpoint accepts as `reasoning_effort`.
const GEMINI: Capabilities = CLAUDE;

/// OpenAI's reasoning models.
const OPENAI: Capabilities = Capabilities {
    output_limit: OutputLimit::MaxCompletionTokens,
    ..CLAUDE
};

/// Any other server that speaks OpenAI's protocol; its models may think unasked.
const COMPATIBLE: Capabilities = Capabilities {
    thinking_tokens: 2_000,
    ..CLASSIC
};

const FAMILIES: [Family; 13] = [
    Family {
        maker: Maker::Anthropic,
        names: &[
            "claude-3",
            "claude-haiku-4",
            "claude-opus-4",
            "claude-sonnet-4",
        ],
        capabilities: CLASSIC,
    },
    Family {
        maker: Maker::Anthropic,
        names: &["claude-opus-4-7", "claude-opus-4-8"],
        capabilities: CLAUDE,
    },
    Family {
        maker: Maker::Anthropic,
        names: &["claude-opus-5", "claude-sonnet-5", "claude-haiku-5"],
        capabilities: Capabilities {
            thinking: Thinking::Disabled,
            thinking_tokens: 0,
            ..CLAUDE
        },
    },
    Family {
        maker: Maker::Anthropic,
        names: &["claude-sonnet-5-5"],
        capabilities: Capabilities {
            thinking: Thinking::BetweenTools,
            thinking_tokens: 0,
            ..CLAUDE
        },
    },
    // The thinking of these models cannot be switched off.
    Family {
        maker: Maker::Anthropic,
        names: &["claude-opus-5-5"],
        capabilities: CLAUDE,
    },
    Family {
        maker: Maker::Gemini,
        names: &["gemini-1.5", "gemini-2.0"],
        capabilities: CLASSIC,
    },
    Family {
        maker: Maker::Gemini,
        names: &["gemini-2.5-flash"],
        capabilities: Capabilities {
            effort: Effort::None,
            ..CLASSIC
        },
    },
    Family {
        maker: Maker::Gemini,
        names: &["gemini-2.5-pro"],
        capabilities: Capabilities {
            effort: Effort::Low,
            thinking_tokens: THINKING_ROOM,
            ..CLASSIC
        },
    },
    Family {
        maker: Maker::Gemini,
        names: &[
            "gemini-3-flash",
            "gemini-3.1-flash-lite",
            "gemini-3.5-flash",
            "gemini-3.6-flash",
        ],
        capabilities: Capabilities {
            effort: Effort::Minimal,
            thinking_tokens: 4_000,
            ..GEMINI
        },
    },
    Family {
        maker: Maker::OpenAi,
        names: &["gpt-3.5", "gpt-4", "gpt-4o", "gpt-4.1"],
        capabilities: CLASSIC,
    },
    Family {
        maker: Maker::OpenAi,
        names: &["gpt-5"],
        capabilities: Capabilities {
            effort: Effort::Minimal,
            ..OPENAI
        },
    },
    Family {
        maker: Maker::OpenAi,
        names: &[
            "gpt-5.1",
            "gpt-5.2",
            "gpt-5.4",
            "gpt-5.5",
            "gpt-5.6",
            "gpt-6-luna",
            "gpt-6-sol",
        ],
        capabilities: Capabilities {
            effort: Effort::None,
            thinking_tokens: 0,
            ..OPENAI
        },
    },
    // These models are recent, but have no lower effort than low.
    Family {
        maker: Maker::OpenAi,
        names: &["gpt-6", "gpt-6.1", "o1", "o3", "o4"],
        capabilities: OPENAI,
    },
];

/// Returns the parameters for this model of this provider. `own_server` says that requests do not
/// go to the provider itself; an unknown model there is somebody's own, not the newest.
pub(super) fn of(
    provider: ProviderKind,
    model: &str,
    own_server: bool,
    overrides: &ParameterOverrides,
) -> Capabilities {
    let maker = match provider {
        ProviderKind::Anthropic => Maker::Anthropic,
        ProviderKind::Gemini => Maker::Gemini,
        ProviderKind::Openai => Maker::OpenAi,
    };
    let newest = match maker {
        Maker::Anthropic => CLAUDE,
        Maker::Gemini => GEMINI,
        Maker::OpenAi if own_server => COMPATIBLE,
        Maker::OpenAi => OPENAI,
    };
    let found = family(maker, model).map_or(newest, |family| family.capabilities);
    Capabilities {
        temperature: overrides.temperature.unwrap_or(found.temperature),
        output_limit: overrides.output_limit.unwrap_or(found.output_limit),
        thinking: overrides.thinking.unwrap_or(found.thinking),
        effort: overrides.effort.unwrap_or(found.effort),
        thinking_tokens: overrides.thinking_tokens.unwrap_or(found.thinking_tokens),
    }
}

/// Returns the family with the longest name with which the model's name begins.
fn family(maker: Maker, model: &str) -> Option<&'static Family> {
    let model = bare(model);
    FAMILIES
        .iter()
        .filter(|family| family.maker == maker)
        .flat_map(|family| family.names.iter().map(move |name| (name, family)))
        .filter(|(name, _)| begins(model, name))
        .max_by_key(|(name, _)| name.len())
        .map(|(_, family)| family)
}

/// Removes the path that some providers put before a model's name (`models/gemini-…`).
pub(super) fn bare(model: &str) -> &str {
    model.rsplit('/').next().unwrap_or(model)
}

/// Whether the name is the model's own, or that of its family.
pub(super) fn begins(model: &str, name: &str) -> bool {
    model
        .strip_prefix(name)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '@', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(provider: ProviderKind, model: &str) -> Capabilities {
        of(provider, model, false, &ParameterOverrides::default())
    }

    #[test]
    fn the_longest_name_decides_and_ends_at_a_boundary() {
        let thinking = |model| plain(ProviderKind::Anthropic, model).thinking;
        assert_eq!(thinking("claude-sonnet-5"), Thinking::Disabled);
        assert_eq!(thinking("claude-sonnet-5-5"), Thinking::BetweenTools);
        assert_eq!(thinking("claude-opus-5-5"), Thinking::Omit);
        assert!(plain(ProviderKind::Anthropic, "claude-sonnet-4-6").temperature);
        assert!(!plain(ProviderKind::Anthropic, "claude-opus-4-8").temperature);
        let effort = |model| plain(ProviderKind::Openai, model).effort;
        assert_eq!(effort("gpt-6-luna-2026-09-22"), Effort::None);
        assert_eq!(effort("gpt-6-lunar"), Effort::Low);
        assert_eq!(effort("openai/gpt-4.1-mini"), Effort::Omit);
        assert_eq!(plain(ProviderKind::Openai, "gpt-4o-mini"), CLASSIC);
        let effort = |model| plain(ProviderKind::Gemini, model).effort;
        assert_eq!(effort("models/gemini-3.5-flash-lite"), Effort::Minimal);
        assert_eq!(effort("gemini-3.8-flash"), Effort::Low);
    }

    #[test]
    fn an_unknown_model_is_the_newest_of_its_provider() {
        for provider in [
            ProviderKind::Anthropic,
            ProviderKind::Gemini,
            ProviderKind::Openai,
        ] {
            let unknown = plain(provider, "a-model-of-next-year");
            assert!(!unknown.temperature, "{provider:?}");
            assert_eq!(unknown.effort, Effort::Low, "{provider:?}");
            assert!(unknown.thinking_tokens >= THINKING_ROOM, "{provider:?}");
        }
    }

    #[test]
    fn on_a_server_of_ones_own_an_unknown_model_gets_what_every_server_knows() {
        let none = ParameterOverrides::default();
        let own = of(ProviderKind::Openai, "gemma3:27b", true, &none);
        assert_eq!(own, COMPATIBLE);
        let proxied = of(ProviderKind::Openai, "gpt-6-luna", true, &none);
        assert_eq!(proxied.output_limit, OutputLimit::MaxCompletionTokens);
    }

    #[test]
    fn the_configuration_has_the_last_word() {
        let overrides = ParameterOverrides {
            temperature: Some(true),
            output_limit: Some(OutputLimit::MaxTokens),
            thinking: Some(Thinking::Adaptive),
            effort: Some(Effort::Omit),
            thinking_tokens: Some(1),
        };
        assert_eq!(
            of(
                ProviderKind::Anthropic,
                "claude-sonnet-5-5",
                false,
                &overrides
            ),
            Capabilities {
                temperature: true,
                output_limit: OutputLimit::MaxTokens,
                thinking: Thinking::Adaptive,
                effort: Effort::Omit,
                thinking_tokens: 1,
            }
        );
    }
}
