//! The variables of Amazon Web Services, which other S3-compatible services take over.

/// Returns the variables whose names begin with `AWS_`: credentials, the region and the endpoint.
pub fn aws_variables() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, value)| name.starts_with("AWS_") && !value.is_empty())
        .collect()
}
