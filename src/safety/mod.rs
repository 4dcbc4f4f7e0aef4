//! stand-in
#[derive(Clone,Copy,Debug,PartialEq,Eq)] pub enum Level{None,Emergency}
#[derive(Clone,Copy)] pub enum Category{Stroke}
impl Category{pub fn as_str(self)->&'static str{"stroke"}}
pub struct Triage{pub level:Level,pub category:Option<Category>,pub text:Option<&'static str>}
pub fn triage(_:&str)->Triage{Triage{level:Level::None,category:None,text:None}}
