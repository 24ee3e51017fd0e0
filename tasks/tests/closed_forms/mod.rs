//! Lengths of trials, frequencies, input means and what constant outputs cost, against numbers worked out from the
//! words of each task, never from its arrays.

mod bi2020;
mod cueva2018;
mod driscoll2022;
mod golub2018;
mod kim2019;
mod kleinman2021;
mod mante2013;
mod masse2019;
mod measure;
mod motor;
mod neurogym;
mod orhan2019;
mod raposo2014;
mod song2016;
mod sussillo2009;
mod tolmachev2025;
mod wang2024;
mod yang2019;
