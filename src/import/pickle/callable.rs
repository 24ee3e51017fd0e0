//! The functions and classes that a pickle may name, none of which does more than put data together.

use std::fmt;

use crate::import::Refused;

/// A function or class by what it makes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Callable {
    /// A dictionary: `collections.OrderedDict`.
    Dict,
    /// A list, tuple or set of the elements of another.
    Sequence(&'static str),
    /// Bytes of the characters of a string: `_codecs.encode`, with which newer Pythons write bytes in old protocols.
    Encode,
    /// A tensor from storage, offset, shape and strides.
    Tensor,
    /// A parameter, which is its tensor.
    Parameter,
    /// The type of a storage of PyTorch, such as `FloatStorage`; never called.
    Storage(String),
    /// An empty array, whose content follows.
    Array,
    /// An array from its bytes, element type, shape and order.
    ArrayOfBuffer,
    /// A number from its element type and bytes.
    Scalar,
    /// An element type.
    ElementType,
    /// The class of arrays, handed to `Array`; never called.
    ArrayClass,
    /// The base of all classes, handed to `Reconstructor`; never called.
    ObjectClass,
    /// An instance of a class, whose attributes follow.
    Reconstructor,
    /// A class of which instances are kept as their attributes.
    Class(&'static str),
    /// Any other, by its name; what it would make stays unmade.
    Stranger(String),
}

impl fmt::Display for Callable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dict => "OrderedDict",
            Self::Sequence(name) | Self::Class(name) => name,
            Self::Encode => "_codecs.encode",
            Self::Tensor => "torch._utils._rebuild_tensor_v2",
            Self::Parameter => "torch._utils._rebuild_parameter",
            Self::Storage(name) | Self::Stranger(name) => name,
            Self::Array => "numpy _reconstruct",
            Self::ArrayOfBuffer => "numpy _frombuffer",
            Self::Scalar => "numpy scalar",
            Self::ElementType => "numpy.dtype",
            Self::ArrayClass => "numpy.ndarray",
            Self::ObjectClass => "object",
            Self::Reconstructor => "copy_reg._reconstructor",
        })
    }
}

impl Callable {
    /// The function or class of that name.
    ///
    /// # Errors
    /// If it is not on the list; the message names it.
    pub fn find(module: &str, name: &str) -> Result<Self, Refused> {
        Ok(match (module, name) {
            ("collections", "OrderedDict") => Self::Dict,
            ("torch", "Size") => Self::Sequence("torch.Size"),
            ("builtins" | "__builtin__", "set") => Self::Sequence("set"),
            ("builtins" | "__builtin__", "frozenset") => Self::Sequence("frozenset"),
            ("builtins" | "__builtin__", "list") => Self::Sequence("list"),
            ("builtins" | "__builtin__", "tuple") => Self::Sequence("tuple"),
            ("builtins" | "__builtin__", "object") => Self::ObjectClass,
            ("_codecs", "encode") => Self::Encode,
            ("torch._utils", "_rebuild_tensor_v2" | "_rebuild_tensor") => Self::Tensor,
            ("torch._utils", "_rebuild_parameter") => Self::Parameter,
            ("torch", storage) if storage.ends_with("Storage") => Self::Storage(storage.into()),
            ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct") => Self::Array,
            ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") => Self::Scalar,
            ("numpy.core.numeric" | "numpy._core.numeric", "_frombuffer") => Self::ArrayOfBuffer,
            ("numpy", "dtype") => Self::ElementType,
            ("numpy", "ndarray") => Self::ArrayClass,
            ("copy_reg" | "copyreg", "_reconstructor") => Self::Reconstructor,
            ("pycog.connectivity", "Connectivity") => Self::Class("pycog.connectivity.Connectivity"),
            ("mtrand" | "numpy.random" | "numpy.random.mtrand", "__RandomState_ctor")
            | ("numpy.random._pickle", "__randomstate_ctor") => Self::Class("numpy.random.RandomState"),
            ("numpy.random._pickle", "__bit_generator_ctor") | ("numpy.random._mt19937", "MT19937") => {
                Self::Class("numpy.random.MT19937")
            }
            _ => {
                return Err(Refused::new(format!(
                    "the pickle names `{module}.{name}`, which is neither a tensor nor plain data; it was not \
                    executed. In Python, save tensors and plain data alone, such as the `state_dict()` of the network"
                )));
            }
        })
    }
}
