//! Whether a colour is the colour of paper. It computes no other colours.

use hayro_syntax::object::{Array, Name, Number, Object};

/// How near to white is still white to the eye.
const NEARLY_WHITE: f64 = 0.97;

/// How a colour space counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    /// All components at 1 are white; four components are inks.
    Light,
    /// All components at 0 are white.
    Ink,
    /// White cannot be told.
    Other,
}

impl Space {
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"DeviceGray" | b"G" | b"DeviceRGB" | b"RGB" | b"CalGray" | b"CalRGB" => Some(Self::Light),
            b"DeviceCMYK" | b"CMYK" => Some(Self::Ink),
            b"Pattern" => Some(Self::Other),
            _ => None,
        }
    }

    pub(super) fn of(definition: &Object<'_>) -> Self {
        let family = match definition {
            Object::Name(name) => Some(name.clone()),
            Object::Array(parts) => first_name(parts),
            _ => None,
        };
        match family.as_deref() {
            Some(b"ICCBased") => Self::Light,
            Some(b"Separation" | b"DeviceN") => Self::Ink,
            Some(name) => Self::named(name).unwrap_or(Self::Other),
            None => Self::Other,
        }
    }

    /// The colour of a space before one is set is black, or a full ink.
    pub(super) fn is_paper(self, components: &[Number]) -> bool {
        let ink = self == Self::Ink || components.len() == 4;
        let near =
            |number: &Number| if ink { 1.0 - number.as_f64() } else { number.as_f64() } >= NEARLY_WHITE;
        self != Self::Other && !components.is_empty() && components.iter().all(near)
    }
}

fn first_name<'a>(parts: &Array<'a>) -> Option<Name<'a>> {
    parts.iter::<Object<'_>>().next()?.into_name()
}
