use crate::bench::programs::Programs;
use crate::bench::report::Section;
use crate::command::Failure;
pub(crate) fn run(_: &Programs) -> Result<Section, Failure> {
    Err("not written".to_owned())
}
