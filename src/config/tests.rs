use super::*;

#[test]
fn the_reference_file_and_the_code_agree() {
    let defaults = Figment::from(Serialized::defaults(Config::default()));
    let file = Figment::from(Serialized::defaults(Config::default()))
        .merge(Toml::string(include_str!("../../config/default.toml")));
    let show = |figment: Figment| {
        let config: Config = figment.extract().unwrap();
        serde_json::to_string_pretty(&config).unwrap()
    };
    assert_eq!(show(defaults), show(file));
}

/// The error of a configuration file; `None` if the file is accepted.
fn refusal(toml: &str) -> Option<String> {
    let figment = Figment::from(Serialized::defaults(Config::default())).merge(Toml::string(toml));
    Config::from_figment(&figment)
        .err()
        .map(|error| error.to_string())
}

#[test]
fn complete_kafka_security_is_accepted() {
    for (accepted, toml) in [
        ("TLS alone", "[messaging.tls]\nenabled = true"),
        (
            "a client certificate",
            "[messaging.tls]\nenabled = true\ncertificate_file = 'c'\nkey_file = 'k'",
        ),
        (
            "a password",
            "[messaging.sasl]\nmechanism = 'scram-sha-512'\nusername = 'u'\npassword = 'p'",
        ),
        (
            "a token",
            "[messaging.sasl]\nmechanism = 'oauthbearer'\ntoken_file = 't'",
        ),
        (
            "no Kafka",
            "[messaging]\nbackend = 'in_process'\nsasl.mechanism = 'plain'",
        ),
    ] {
        assert_eq!(refusal(toml), None, "{accepted}");
    }
}

#[test]
fn a_record_gets_more_attempts_than_others_can_use_up() {
    assert_eq!(refusal("[messaging]\nmax_attempts = 3"), None);
    let error = refusal("[messaging]\nmax_attempts = 2").unwrap();
    assert!(
        error.contains("messaging.max_attempts is 2: expected at least 3"),
        "{error}"
    );
}

#[test]
fn a_message_is_no_longer_than_triage_reads() {
    let limit = |most: u32| refusal(&format!("[orchestrator]\nmax_message_chars = {most}"));
    assert_eq!(limit(8_000), None);
    let error = limit(8_001).unwrap();
    assert!(
        error.contains("max_message_chars is 8001: expected at most 8000"),
        "{error}"
    );
}

#[test]
fn half_of_kafka_security_is_refused() {
    for (key, expected, toml) in [
        ("tls.ca_file", "nothing is encrypted", "tls.ca_file = 'ca'"),
        (
            "tls.certificate_file",
            "nothing is encrypted",
            "tls.certificate_file = 'c'",
        ),
        (
            "tls.key_file",
            "the key of the certificate",
            "tls = { enabled = true, certificate_file = 'c' }",
        ),
        (
            "tls.certificate_file",
            "the certificate of the key",
            "tls = { enabled = true, key_file = 'k' }",
        ),
        ("sasl.username", "a name", "sasl.mechanism = 'plain'"),
        (
            "sasl.password",
            "a password",
            "sasl = { mechanism = 'scram-sha-256', username = 'u' }",
        ),
        (
            "sasl.token_file",
            "a bearer token",
            "sasl.mechanism = 'oauthbearer'",
        ),
        ("sasl.username", "not used", "sasl.username = 'u'"),
        ("sasl.password", "not used", "sasl.password = 'hidden'"),
        ("sasl.token_file", "not used", "sasl.token_file = 't'"),
        ("sasl.mechanism", "scram-sha-512", "sasl.mechanism = 'md5'"),
    ] {
        let error = refusal(&format!("[messaging]\n{toml}")).unwrap_or_default();
        let key = format!("messaging.{key}: ");
        assert!(error.starts_with(&key), "{toml}: {error}");
        assert!(error.contains(expected), "{toml}: {error}");
        assert!(error.contains("from TOML"), "{toml}: {error}");
        assert!(!error.contains("hidden"), "{error}");
    }
}

#[test]
fn contacts_can_be_named_and_dialled() {
    for accepted in [
        "emergency = { label = 'the ambulance', number = '144' }",
        "emergency.number = 999",
        "crisis_line.number = '+49 (800) 111-0-111'",
        "urgent_advice_line.label = 'the ward sister'",
    ] {
        assert_eq!(
            refusal(&format!("[safety]\n{accepted}")),
            None,
            "{accepted}"
        );
    }
    for (key, expected, toml) in [
        (
            "emergency.number",
            "is \"call us\"",
            "emergency.number = 'call us'",
        ),
        (
            "crisis_line.number",
            "digits",
            "crisis_line.number = '1-800-HELP'",
        ),
        (
            "poison_centre.number",
            "in quotes",
            "poison_centre.number = true",
        ),
        (
            "poison_centre.label",
            "one line",
            "poison_centre.label = \"a\\nb\"",
        ),
        ("urgent", "unknown field", "urgent.number = '1'"),
    ] {
        let error = refusal(&format!("[safety]\n{toml}")).unwrap_or_default();
        assert!(error.contains(&format!("safety.{key}")), "{toml}: {error}");
        assert!(error.contains(expected), "{toml}: {error}");
    }
}
