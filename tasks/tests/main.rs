//! Tests of the tasks in one binary: `cargo test -p nn4n-tasks --test main yang2019` runs those of one file.

mod bi2020;
mod closed_forms;
mod cueva2018;
mod declared;
mod driscoll2022;
mod geometry;
mod golden;
mod kim2019;
mod kleinman2021;
mod mante2013;
mod masse2019;
mod motor;
mod multitask;
mod neurogym;
mod orhan2019;
mod raposo2014;
mod registry;
mod song2016;
mod stream;
mod sussillo2009;
mod tolmachev2025;
mod user_data;
mod wang2024;
mod yang2019;
