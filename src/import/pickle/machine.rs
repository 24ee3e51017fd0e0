//! The stack machine of the pickle format, one arm per instruction.

use std::collections::HashMap;

use super::{
    callable::Callable,
    numpy::{ElementType, Scalar},
    reader::{Reader, long, text},
    value::{Id, Node, NumpyArray, Pickle, StoredTensor},
};
use crate::import::Refused;

/// A pickle half read.
pub(super) struct Machine<'a> {
    reader: Reader<'a>,
    pickle: Pickle,
    stack: Vec<Id>,
    /// Heights of the stack at the open marks.
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
    /// Bytes and references that may still be copied, so that a short program cannot copy a long value again and again.
    copies: usize,
    /// Whether functions and classes that are not known may be named.
    strangers: bool,
}

fn damaged(what: &str) -> Refused {
    Refused::new(format!("the pickle is damaged: {what}"))
}

impl<'a> Machine<'a> {
    pub fn new(bytes: &'a [u8], strangers: bool) -> Self {
        let copies = bytes.len().saturating_mul(4).saturating_add(1 << 20);
        Self {
            reader: Reader::new(bytes),
            pickle: Pickle::default(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
            copies,
            strangers,
        }
    }

    /// Follows all instructions.
    pub fn parse(mut self) -> Result<Pickle, Refused> {
        loop {
            let opcode = self.reader.u8()?;
            if opcode == b'.' {
                break;
            }
            self.step(opcode)?;
        }
        if !self.reader.is_empty() {
            return Err(damaged("there is more after its end"));
        }
        self.pickle.root = self.pop()?;
        if !self.stack.is_empty() {
            return Err(damaged("it leaves more than one value"));
        }
        self.pickle.check_extent()?;
        Ok(self.pickle)
    }

    fn step(&mut self, opcode: u8) -> Result<(), Refused> {
        match opcode {
            0x80 => match self.reader.u8()? {
                0..=5 => Ok(()),
                newer => Err(Refused::new(format!(
                    "the pickle has protocol {newer}, but this program reads 0 to 5; save it with protocol 2"
                ))),
            },
            0x95 => self.reader.u64().map(drop), // frame
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'0' => self.pop().map(drop),
            b'1' => self.pop_to_mark().map(drop),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
                Ok(())
            }
            b'N' => self.push(Node::None),
            0x88 => self.push(Node::Bool(true)),
            0x89 => self.push(Node::Bool(false)),
            b'I' | b'L' | b'J' | b'K' | b'M' | 0x8a | 0x8b => {
                let node = self.integer(opcode)?;
                self.push(node)
            }
            b'F' => {
                let line = self.reader.line()?;
                let value = line.parse().map_err(|_| damaged("a number is none"))?;
                self.push(Node::Float(value))
            }
            b'G' => {
                let value = f64::from_be_bytes(self.reader.array()?);
                self.push(Node::Float(value))
            }
            b'S' | b'V' | b'T' | b'U' | b'X' | b'B' | b'C' | 0x8c | 0x8d | 0x8e | 0x96 => {
                let node = self.string(opcode)?;
                self.push(node)
            }
            b']' | b')' | 0x8f => self.push(Node::Sequence(Vec::new())),
            b'l' | b't' | 0x91 => {
                let items = self.pop_to_mark()?;
                self.push(Node::Sequence(items))
            }
            0x85..=0x87 => {
                let items = self.pop_several(usize::from(opcode - 0x84))?;
                self.push(Node::Sequence(items))
            }
            b'a' => {
                let item = self.pop()?;
                self.extend(vec![item])
            }
            b'e' | 0x90 => {
                let items = self.pop_to_mark()?;
                self.extend(items)
            }
            b'}' => self.push(Node::Dict(Vec::new())),
            b'd' => {
                let items = self.pop_to_mark()?;
                let entries = pairs(&items)?;
                self.push(Node::Dict(entries))
            }
            b's' => {
                let items = self.pop_several(2)?;
                self.insert(&items)
            }
            b'u' => {
                let items = self.pop_to_mark()?;
                self.insert(&items)
            }
            b'p' | b'q' | b'r' | 0x94 | b'g' | b'h' | b'j' => self.memorise(opcode),
            b'P' => {
                let key = Node::Text(self.reader.line()?.into());
                let key = self.pickle.add(key)?;
                self.push(Node::Persistent(key))
            }
            b'Q' => {
                let key = self.pop()?;
                self.push(Node::Persistent(key))
            }
            _ => self.step_with_callable(opcode),
        }
    }

    /// The instructions that name functions and classes.
    fn step_with_callable(&mut self, opcode: u8) -> Result<(), Refused> {
        match opcode {
            b'c' => {
                let (module, name) = (self.reader.line()?, self.reader.line()?);
                let callable = self.find(module, name)?;
                self.push(Node::Callable(callable))
            }
            0x93 => {
                let names = self.pop_several(2)?;
                match (self.pickle.node(names[0]), self.pickle.node(names[1])) {
                    (Node::Text(module), Node::Text(name)) => {
                        let callable = self.find(module, name)?;
                        self.push(Node::Callable(callable))
                    }
                    _ => Err(damaged("the name of a function is no text")),
                }
            }
            // REDUCE and NEWOBJ differ in what they do in Python, not in what they are given.
            b'R' | 0x81 => {
                let operands = self.pop_several(2)?;
                let arguments = self.items(operands[1])?;
                self.call(operands[0], &arguments)
            }
            0x92 => {
                let operands = self.pop_several(3)?;
                let no_names = matches!(self.pickle.node(operands[2]), Node::Dict(entries) if entries.is_empty());
                if !no_names && self.stranger(operands[0]).is_none() {
                    return Err(damaged("it makes an object with arguments by name"));
                }
                let arguments = self.items(operands[1])?;
                self.call(operands[0], &arguments)
            }
            b'i' => {
                let (module, name) = (self.reader.line()?, self.reader.line()?);
                let callable = self.find(module, name)?;
                let arguments = self.pop_to_mark()?;
                let callable = self.pickle.add(Node::Callable(callable))?;
                self.call(callable, &arguments)
            }
            b'o' => {
                let operands = self.pop_to_mark()?;
                let (callable, arguments) =
                    operands.split_first().ok_or_else(|| damaged("it makes an object of nothing"))?;
                self.call(*callable, arguments)
            }
            b'b' => {
                let state = self.pop()?;
                let target = self.top()?;
                self.build(target, state)
            }
            0x82..=0x84 => Err(Refused::new(
                "the pickle names a function by a number of Python's extension registry; it was not executed",
            )),
            0x97 | 0x98 => {
                Err(Refused::new("the pickle keeps arrays in buffers outside of it; save it without `buffer_callback`"))
            }
            other => Err(damaged(&format!("0x{other:02x} is no instruction"))),
        }
    }

    /// The function or class of that name, a stranger if it is not known and may be one.
    fn find(&self, module: &str, name: &str) -> Result<Callable, Refused> {
        match Callable::find(module, name) {
            Err(_) if self.strangers => Ok(Callable::Stranger(format!("{module}.{name}"))),
            found => found,
        }
    }

    /// The name of a function or class that is not known, or of what it would have made.
    fn stranger(&self, id: Id) -> Option<&String> {
        match self.pickle.node(id) {
            Node::Callable(Callable::Stranger(name)) | Node::Stranger(name) => Some(name),
            _ => None,
        }
    }

    fn push(&mut self, node: Node) -> Result<(), Refused> {
        let id = self.pickle.add(node)?;
        self.stack.push(id);
        Ok(())
    }

    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Result<Id, Refused> {
        if self.stack.len() <= self.floor() {
            return Err(damaged("it takes a value that is not there"));
        }
        self.stack.pop().ok_or_else(|| damaged("it takes a value that is not there"))
    }

    fn top(&self) -> Result<Id, Refused> {
        match self.stack.last() {
            Some(id) if self.stack.len() > self.floor() => Ok(*id),
            _ => Err(damaged("it uses a value that is not there")),
        }
    }

    fn pop_several(&mut self, count: usize) -> Result<Vec<Id>, Refused> {
        let start = self.stack.len().checked_sub(count).filter(|start| *start >= self.floor());
        start.map(|start| self.stack.split_off(start)).ok_or_else(|| damaged("it takes values that are not there"))
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Id>, Refused> {
        let mark = self.marks.pop().ok_or_else(|| damaged("a mark is missing"))?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    fn sequence(&self, id: Id) -> Result<&[Id], Refused> {
        match self.pickle.node(id) {
            Node::Sequence(items) => Ok(items),
            _ => Err(damaged("a list is none")),
        }
    }

    /// A copy of a list.
    fn items(&mut self, id: Id) -> Result<Vec<Id>, Refused> {
        self.charge(self.sequence(id)?.len())?;
        Ok(self.sequence(id)?.to_vec())
    }

    fn charge(&mut self, copied: usize) -> Result<(), Refused> {
        let left = self.copies.checked_sub(copied);
        self.copies = left.ok_or_else(|| Refused::new("the pickle copies its values again and again"))?;
        Ok(())
    }

    /// Charges what a copy of this value costs.
    fn charge_for(&mut self, id: Id) -> Result<(), Refused> {
        let cost = match self.pickle.node(id) {
            Node::Text(text) => text.len(),
            Node::Bytes(bytes) => bytes.len(),
            Node::Sequence(items) => items.len(),
            Node::Tensor(tensor) => {
                tensor.key.len() + tensor.storage_type.len() + tensor.shape.len() + tensor.strides.len()
            }
            _ => 1,
        };
        self.charge(cost)
    }

    fn integer(&mut self, opcode: u8) -> Result<Node, Refused> {
        Ok(Node::Int(match opcode {
            b'K' => self.reader.u8()?.into(),
            b'M' => self.reader.u16()?.into(),
            b'J' => i32::from_le_bytes(self.reader.array()?).into(),
            0x8a => {
                let length = self.reader.u8()?;
                return self.long(length.into());
            }
            0x8b => {
                let length = self.reader.length32()?;
                return self.long(length);
            }
            _ => match self.reader.line()? {
                "00" => return Ok(Node::Bool(false)),
                "01" => return Ok(Node::Bool(true)),
                line => {
                    let digits = line.strip_suffix('L').unwrap_or(line);
                    digits.parse().map_err(|_| damaged("an integer is none, or has more than 64 bits"))?
                }
            },
        }))
    }

    /// An integer of so many bytes; seeds of random number generators have more than 64 bits.
    fn long(&mut self, length: u64) -> Result<Node, Refused> {
        let bytes = self.reader.take(length)?;
        match long(bytes) {
            Err(_) if self.strangers => Ok(Node::Bytes(bytes.to_vec())),
            value => value.map(Node::Int),
        }
    }

    fn string(&mut self, opcode: u8) -> Result<Node, Refused> {
        let length = match opcode {
            b'S' => return self.quoted(),
            b'V' => {
                let line = self.reader.line()?;
                if line.contains('\\') {
                    return Err(Refused::new("the pickle holds escaped text; save it with protocol 2"));
                }
                return Ok(Node::Text(line.into()));
            }
            b'U' | b'C' | 0x8c => self.reader.u8()?.into(),
            b'T' => self.reader.length32()?,
            b'X' | b'B' => self.reader.u32()?.into(),
            _ => self.reader.u64()?,
        };
        let bytes = self.reader.take(length)?;
        Ok(match opcode {
            b'X' | 0x8c | 0x8d => Node::Text(text(bytes)?.into()),
            _ => Node::Bytes(bytes.to_vec()),
        })
    }

    /// A string of protocol 0, in quotes.
    fn quoted(&mut self) -> Result<Node, Refused> {
        let line = self.reader.line()?;
        let inner = ['\'', '"'].iter().find_map(|quote| line.strip_prefix(*quote)?.strip_suffix(*quote));
        match inner {
            Some(inner) if !inner.contains('\\') => Ok(Node::Bytes(inner.into())),
            _ => Err(Refused::new("the pickle holds escaped text; save it with protocol 2")),
        }
    }

    fn extend(&mut self, items: Vec<Id>) -> Result<(), Refused> {
        let list = self.top()?;
        match self.pickle.node_mut(list) {
            Node::Sequence(list) => list.extend(items),
            Node::Stranger(_) => {}
            _ => return Err(damaged("it appends to what is no list")),
        }
        Ok(())
    }

    fn insert(&mut self, items: &[Id]) -> Result<(), Refused> {
        let dict = self.top()?;
        let added = pairs(items)?;
        match self.pickle.node_mut(dict) {
            Node::Dict(entries) => entries.extend(added),
            Node::Stranger(_) => {}
            _ => return Err(damaged("it sets an entry of what is no dictionary")),
        }
        Ok(())
    }

    fn memorise(&mut self, opcode: u8) -> Result<(), Refused> {
        let by_line = |line: &str| line.parse::<u64>().map_err(|_| damaged("a place in its memory is no number"));
        let place = match opcode {
            b'p' | b'g' => by_line(self.reader.line()?)?,
            b'q' | b'h' => self.reader.u8()?.into(),
            b'r' | b'j' => self.reader.u32()?.into(),
            _ => self.memo.len() as u64,
        };
        if matches!(opcode, b'g' | b'h' | b'j') {
            let id = self.memo.get(&place).copied().ok_or_else(|| damaged("it remembers what it never learned"))?;
            self.stack.push(id);
        } else {
            let top = self.top()?;
            self.memo.insert(place, top);
        }
        Ok(())
    }

    /// What a known function makes of its arguments.
    fn call(&mut self, callable: Id, arguments: &[Id]) -> Result<(), Refused> {
        let Node::Callable(callable) = self.pickle.node(callable) else {
            return Err(damaged("it calls what is no function"));
        };
        let callable = callable.clone();
        arguments.iter().try_for_each(|argument| self.charge_for(*argument))?;
        let of = arguments.first().filter(|_| matches!(callable, Callable::Reconstructor | Callable::Parameter));
        let stranger = match &callable {
            Callable::Stranger(name) => Some(name),
            _ => of.and_then(|of| self.stranger(*of)),
        };
        if let Some(name) = stranger.cloned() {
            self.charge(name.len())?;
            return self.push(Node::Stranger(name));
        }
        let unfit = || damaged(&format!("the arguments of `{callable}` do not fit"));
        let node = match (&callable, arguments) {
            (Callable::Dict, []) => Node::Dict(Vec::new()),
            (Callable::Dict, [entries]) => {
                let entries = self.sequence(*entries)?.iter().map(|pair| match *self.sequence(*pair)? {
                    [key, value] => Ok((key, value)),
                    _ => Err(unfit()),
                });
                Node::Dict(entries.collect::<Result<_, _>>()?)
            }
            (Callable::Sequence(_), []) => Node::Sequence(Vec::new()),
            (Callable::Sequence(_), [items]) => Node::Sequence(self.sequence(*items)?.to_vec()),
            (Callable::Encode, [text, _]) => match self.pickle.node(*text) {
                Node::Text(text) => {
                    Node::Bytes(text.chars().map(|c| u8::try_from(c).map_err(|_| unfit())).collect::<Result<_, _>>()?)
                }
                _ => return Err(unfit()),
            },
            (Callable::Tensor, [storage, offset, shape, strides, ..]) => {
                Node::Tensor(self.tensor(*storage, *offset, *shape, *strides)?)
            }
            (Callable::Parameter, [tensor, ..]) => match self.pickle.node(*tensor) {
                node @ Node::Tensor(_) => node.clone(),
                _ => return Err(unfit()),
            },
            (Callable::Array, [_, _, _]) => Node::Array(NumpyArray::default()),
            (Callable::ArrayOfBuffer, [data, element, shape, order]) => {
                let shape = self.integers(*shape)?;
                match (self.pickle.node(*data), self.pickle.node(*element), self.pickle.node(*order)) {
                    (Node::Bytes(data), Node::ElementType(element), Node::Text(order)) => {
                        let fortran_order = order == "F";
                        Node::Array(NumpyArray {
                            shape,
                            element: Some(*element),
                            fortran_order,
                            data: data.clone(),
                            objects: Vec::new(),
                        })
                    }
                    _ => return Err(unfit()),
                }
            }
            (Callable::Scalar, [element, bytes]) => match (self.pickle.node(*element), self.pickle.node(*bytes)) {
                (Node::ElementType(element), Node::Bytes(bytes)) => {
                    Node::of_scalar(*element, bytes).ok_or_else(unfit)?
                }
                _ => return Err(unfit()),
            },
            (Callable::ElementType, [code, ..]) => match self.pickle.node(*code) {
                Node::Text(code) => Node::ElementType(ElementType::of_descriptor(code)?),
                Node::Bytes(code) => Node::ElementType(ElementType::of_descriptor(text(code)?)?),
                _ => return Err(unfit()),
            },
            (Callable::Reconstructor, [class, ..]) => match self.pickle.node(*class) {
                Node::Callable(Callable::Class(class)) => Node::Object { class: (*class).into(), state: None },
                _ => return Err(unfit()),
            },
            (Callable::Class(class), _) => Node::Object { class: (*class).into(), state: None },
            _ => return Err(unfit()),
        };
        self.push(node)
    }

    /// Gives a value the state that follows it.
    fn build(&mut self, target: Id, state: Id) -> Result<(), Refused> {
        let unfit = |what: &str| damaged(&format!("the state of {what} does not fit"));
        let replacement = match self.pickle.node(target) {
            Node::Stranger(_) => return Ok(()),
            // PyTorch hangs the versions of its modules on a state_dict.
            Node::Dict(_) => match self.pickle.node(state) {
                Node::Dict(entries)
                    if entries.iter().all(|(key, _)| *self.pickle.node(*key) == Node::Text("_metadata".into())) =>
                {
                    return Ok(());
                }
                _ => {
                    return Err(Refused::new(
                        "the pickle gives attributes to a dictionary, which plain data do not have",
                    ));
                }
            },
            Node::ElementType(element) => match self.sequence(state)? {
                [_, order, ..] => {
                    let big_endian = matches!(self.pickle.node(*order), Node::Text(order) if order == ">")
                        || *self.pickle.node(*order) == Node::Bytes(b">".to_vec());
                    Node::ElementType(ElementType { big_endian, ..*element })
                }
                _ => return Err(unfit("an element type")),
            },
            Node::Array(_) => {
                let parts = self.items(state)?;
                parts.into_iter().try_for_each(|part| self.charge_for(part))?;
                Node::Array(self.array_state(state)?)
            }
            Node::Object { class, .. } => Node::Object { class: class.clone(), state: Some(state) },
            _ => {
                return Err(Refused::new("the pickle gives attributes to a value that has none; it is not plain data"));
            }
        };
        *self.pickle.node_mut(target) = replacement;
        Ok(())
    }

    fn array_state(&self, state: Id) -> Result<NumpyArray, Refused> {
        let unfit = || damaged("the state of an array does not fit");
        let [_, shape, element, order, data] = *self.sequence(state)? else { return Err(unfit()) };
        let Node::ElementType(element) = self.pickle.node(element) else { return Err(unfit()) };
        let fortran_order = matches!(self.pickle.node(order), Node::Bool(true) | Node::Int(1));
        let shape = self.integers(shape)?;
        let mut array = NumpyArray { shape, element: Some(*element), fortran_order, ..NumpyArray::default() };
        match (element.scalar, self.pickle.node(data)) {
            (Scalar::Object, Node::Sequence(items)) => array.objects = items.clone(),
            (_, Node::Bytes(bytes)) => array.data = bytes.clone(),
            _ => return Err(unfit()),
        }
        Ok(array)
    }

    fn integers(&self, id: Id) -> Result<Vec<i64>, Refused> {
        let integer = |id: &Id| match self.pickle.node(*id) {
            Node::Int(value) => Ok(*value),
            _ => Err(damaged("a shape holds what is no integer")),
        };
        self.sequence(id)?.iter().map(integer).collect()
    }

    /// A tensor over the storage that PyTorch names as ("storage", type, key, device, elements).
    fn tensor(&mut self, storage: Id, offset: Id, shape: Id, strides: Id) -> Result<StoredTensor, Refused> {
        let unfit = || damaged("a tensor has no storage");
        let Node::Persistent(identifier) = *self.pickle.node(storage) else { return Err(unfit()) };
        let [kind, storage_type, key, _, elements, ..] = *self.sequence(identifier)? else { return Err(unfit()) };
        self.charge_for(key)?;
        let nodes =
            (self.pickle.node(kind), self.pickle.node(storage_type), self.pickle.node(key), self.pickle.node(elements));
        match (nodes, self.pickle.node(offset)) {
            (
                (
                    Node::Text(kind),
                    Node::Callable(Callable::Storage(storage_type)),
                    Node::Text(key),
                    Node::Int(elements),
                ),
                Node::Int(offset),
            ) if kind == "storage" => Ok(StoredTensor {
                storage_type: storage_type.clone(),
                key: key.clone(),
                elements: u64::try_from(*elements).map_err(|_| unfit())?,
                offset: *offset,
                shape: self.integers(shape)?,
                strides: self.integers(strides)?,
            }),
            _ => Err(unfit()),
        }
    }
}

fn pairs(items: &[Id]) -> Result<Vec<(Id, Id)>, Refused> {
    let (pairs, rest) = items.as_chunks::<2>();
    if rest.is_empty() {
        Ok(pairs.iter().map(|[key, value]| (*key, *value)).collect())
    } else {
        Err(damaged("a key has no value"))
    }
}
