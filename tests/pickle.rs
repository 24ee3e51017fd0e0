//! Pickles are followed without executing anything: what is no plain data is refused by its name, what is too large or
//! damaged by what is wrong with it.

use nn4n::import::pickle::parse;
use proptest::prelude::*;

fn refusal(bytes: &[u8]) -> String {
    match parse(bytes) {
        Ok(_) => panic!("{:?} was accepted", String::from_utf8_lossy(bytes)),
        Err(error) => error.to_string(),
    }
}

fn assert_refused(bytes: &[u8], words: &[&str]) {
    let message = refusal(bytes);
    words.iter().for_each(|word| assert!(message.contains(word), "no `{word}` in: {message}"));
}

#[test]
fn functions_and_classes_are_refused_by_name_and_not_executed() {
    // What pickle.dumps makes of an object whose __reduce__ asks for os.system("echo owned"), in protocol 0, 2 and 4,
    // and older ways to say it.
    let cases: [&[u8]; 6] = [
        b"cposix\nsystem\np0\n(Vecho owned\np1\ntp2\nRp3\n.",
        b"\x80\x02cposix\nsystem\nq\x00X\x0a\x00\x00\x00echo ownedq\x01\x85q\x02Rq\x03.",
        b"\x80\x04\x95\x25\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x0aecho \
            owned\x94\x85\x94R\x94.",
        b"(S'echo owned'\niposix\nsystem\n.",
        b"(cposix\nsystem\nS'echo owned'\no.",
        b"\x80\x02cposix\nsystem\nX\x0a\x00\x00\x00echo owned\x85\x81.",
    ];
    for bytes in cases {
        assert_refused(bytes, &["`posix.system`", "was not executed", "state_dict()"]);
    }
    for (module, name) in [
        ("builtins", "eval"),
        ("__builtin__", "getattr"),
        ("torch", "load"),
        ("torch.nn.modules.rnn", "RNN"),
        ("numpy", "load"),
        ("nn4n.model.ctrnn", "CTRNN"),
    ] {
        assert_refused(format!("c{module}\n{name}\n.").as_bytes(), &[&format!("`{module}.{name}`")]);
    }
    assert_refused(b"\x80\x02\x82\x01.", &["extension registry"]);
    assert_refused(b"\x80\x05\x97.", &["buffers outside"]);
}

#[test]
fn a_class_that_is_known_is_kept_as_its_attributes_and_nothing_else_is_called() {
    let connectivity = b"\x80\x02cpycog.connectivity\nConnectivity\n)\x81}U\x01pG?\xe0\x00\x00\x00\x00\x00\x00sb.";
    assert!(parse(connectivity).is_ok());
    // The attributes of an array, of a dictionary, of a number.
    assert_refused(
        b"\x80\x02ccollections\nOrderedDict\n)R}X\x07\x00\x00\x00__del__K\x01sb.",
        &["gives attributes to a dictionary"],
    );
    assert_refused(b"\x80\x02K\x01}b.", &["gives attributes to a value that has none"]);
    // A known function where an unknown one is hidden among its arguments.
    assert_refused(
        b"\x80\x02ccopy_reg\n_reconstructor\n(csubprocess\nPopen\nc__builtin__\nobject\nNtR.",
        &["`subprocess.Popen`"],
    );
    assert_refused(
        b"\x80\x02ccopy_reg\n_reconstructor\n(c__builtin__\nobject\nc__builtin__\nobject\nNtR.",
        &["do not fit"],
    );
    assert_refused(b"\x80\x02K\x05)R.", &["calls what is no function"]);
}

#[test]
fn lengths_that_the_bytes_do_not_bear_out_are_refused_without_taking_their_memory() {
    for bytes in [
        &b"\x80\x02X\xff\xff\xff\xffabc."[..],
        b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc.",
        b"\x80\x04\x8e\x00\x00\x00\x00\x00\x00\x00\x80abc.",
        b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x7fabc.",
        b"\x80\x03B\xff\xff\xff\x7fabc.",
        b"\x80\x02T\xff\xff\xff\x7fabc.",
        b"\x80\x02\x8b\xff\xff\xff\x7f\x01.",
        b"\x80\x02\x8a\xff\x01.",
        b"\x80\x02U\xffabc.",
        b"\x80",
        b"",
    ] {
        assert_refused(bytes, &["truncated"]);
    }
    assert_refused(b"\x80\x02T\xff\xff\xff\xffabc.", &["-1 bytes"]);
    assert_refused(b"\x80\x02\x8b\xff\xff\xff\xff\x01.", &["-1 bytes"]);
    assert_refused(b"Vno end of line", &["truncated within a line"]);
}

#[test]
fn deep_nesting_and_values_that_repeat_each_other_are_refused() {
    let mut deep = b"\x80\x02".to_vec();
    deep.extend(vec![b']'; 100_000]);
    deep.extend(vec![b'a'; 99_999]);
    deep.push(b'.');
    assert_refused(&deep, &["nests", "64"]);
    let mut tuples = b"\x80\x02)".to_vec();
    tuples.extend(vec![0x85; 100_000]);
    tuples.push(b'.');
    assert_refused(&tuples, &["nests"]);

    // Ten references to a list of ten references, and so on: 10^40 values in 500 bytes.
    let mut laughs = b"\x80\x02]q\x000".to_vec();
    for level in 0..40_u8 {
        laughs.extend(b"](");
        (0..10).for_each(|_| laughs.extend([b'h', level]));
        laughs.extend([b'e', b'q', level + 1, b'0']);
    }
    laughs.extend([b'h', 40, b'.']);
    assert_refused(&laughs, &["repeats its values"]);

    // One long list, copied by each of many calls.
    let mut copies = b"\x80\x02c__builtin__\nset\nq\x00(".to_vec();
    copies.extend(vec![b'N'; 100_000]);
    copies.extend(b"lq\x01\x85q\x02");
    (0..100_000).for_each(|_| copies.extend(b"h\x00h\x02R0"));
    copies.push(b'.');
    assert_refused(&copies, &["again and again"]);
}

#[test]
fn programs_that_make_no_sense_are_refused() {
    for (bytes, words) in [
        (&b"\x80\x06."[..], "protocol 6"),
        (b".", "value that is not there"),
        (b"0.", "value that is not there"),
        (b"NN.", "more than one value"),
        (b"N.N", "more after its end"),
        (b"\xff.", "0xff is no instruction"),
        (b"t.", "a mark is missing"),
        (b"h\x07.", "never learned"),
        (b"g99999999999999999999\n.", "no number"),
        (b"Na.", "value that is not there"),
        (b"NNa.", "no list"),
        (b"}Nu.", "mark is missing"),
        (b"}(Nu.", "a key has no value"),
        (b"]NNs.", "no dictionary"),
        (b"(N(a.", "value that is not there"),
        (b"I12x\n.", "integer"),
        (b"L99999999999999999999L\n.", "64 bits"),
        (b"\x80\x02\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01.", "64 bits"),
        (b"Fnan?\n.", "number"),
        (b"V\\u0041\n.", "escaped"),
        (b"S'a\\n'\n.", "escaped"),
        (b"\x80\x02X\x01\x00\x00\x00\xff.", "UTF-8"),
        (b"\x80\x02K\x01K\x02\x93.", "no text"),
    ] {
        assert_refused(bytes, &[words]);
    }
}

#[test]
fn files_of_python_2_and_3_are_read() {
    for bytes in [&include_bytes!("fixtures/import/pycog.pkl")[..], include_bytes!("fixtures/import/pycog_python3.pkl")]
    {
        if let Err(error) = parse(bytes) {
            panic!("{error}");
        }
    }
}

#[test]
fn plain_data_of_every_protocol_are_read() {
    for bytes in [
        &b"(dp0\nS'alpha'\np1\nF0.1\nsS'units'\nI10\nsS'dale'\nI01\nsS'long'\nL-3L\nsS'items'\n(lp2\nI1\naNas."[..],
        b"\x80\x02}q\x00(U\x05alphaG?\xb9\x99\x99\x99\x99\x99\x9aX\x05\x00\x00\x00unitsK\nX\x01\x00\x00\x00aM\x10'\
          X\x01\x00\x00\x00bJ\xff\xff\xff\xff\x8a\x00\x88u.",
        b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x04name\x94\x89s.",
        b"\x80\x04\x8f\x94(K\x01K\x02\x90.",
        b"\x80\x04(K\x01\x91.",
        b"\x80\x05\x96\x02\x00\x00\x00\x00\x00\x00\x00ab.",
        b"\x80\x03C\x02ab.",
        b"\x80\x02ccollections\nOrderedDict\n]N\x89\x86a\x85R.",
    ] {
        if let Err(error) = parse(bytes) {
            panic!("{error}: {:?}", String::from_utf8_lossy(bytes));
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn a_damaged_file_is_read_or_refused(place in 0_usize..15_000, byte in any::<u8>(), cut in 0_usize..15_000) {
        let whole = include_bytes!("fixtures/import/pycog.pkl");
        let mut damaged = whole.to_vec();
        damaged[place] = byte;
        let _ = parse(&damaged);
        prop_assert!(parse(&whole[..cut]).is_err(), "a file without its end was read");
    }
}

/// An empty list that is remembered, `count` of it in another, and then `count` times None in the first, so that only
/// what was there when it was put in is few.
fn grown(count: usize) -> Vec<u8> {
    [&b"\x80\x02]q\x000]("[..], &b"h\x00".repeat(count), b"eh\x00(", &b"N".repeat(count), b"e0."].concat()
}

#[test]
fn values_that_grow_after_they_were_put_into_others_are_counted_as_they_are_in_the_end() {
    assert!(parse(&grown(100)).is_ok());
    assert_refused(&grown(3000), &["repeats its values"]);
    assert_refused(&grown(1_000_000), &["repeats its values"]);
}

#[test]
fn a_value_that_is_part_of_itself_is_refused() {
    assert_refused(b"\x80\x02]q\x00h\x00a.", &["part of itself"]);
    assert_refused(b"\x80\x02]q\x00](h\x00eh\x00\x85q\x010h\x00h\x01a.", &["is damaged"]);
    let pair = b"\x80\x02]q\x00]q\x01h\x00aa.";
    assert_refused(pair, &["part of itself"]);
}
