//! Query parameters that may be sent at most once.

/// A parameter was sent more than once; which of them counts would be a guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Repeated(pub(crate) &'static str);

/// The values of `names` in `query`, in their order. Other parameters are ignored.
pub(crate) fn at_most_once<const N: usize>(
    query: &str,
    names: [&'static str; N],
) -> Result<[Option<String>; N], Repeated> {
    let mut values = [const { None }; N];
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if let Some(position) = names.iter().position(|known| *known == name)
            && values[position].replace(value.into_owned()).is_some()
        {
            return Err(Repeated(names[position]));
        }
    }
    Ok(values)
}
