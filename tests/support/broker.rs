//! Kafka brokers of a test's own, which it may stop, kill and freeze.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::ports::free_port;
use super::{service, until_within};

/// Any 22 characters of base64: nodes of one cluster agree on it.
const CLUSTER_ID: &str = "chatbotTestCluster0002";
/// A virtual machine starts slowly when its neighbours do, too.
const START_LIMIT: Duration = Duration::from_mins(2);
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// The deadline of one look at the cluster.
const LOOK_LIMIT: Duration = Duration::from_secs(2);

/// A cluster in which every node is broker and controller. Its data is gone when it is dropped.
pub struct Cluster {
    nodes: Vec<Node>,
    directory: TempDir,
}

struct Node {
    port: u16,
    settings: PathBuf,
    running: Mutex<Option<Child>>,
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Ok(Some(mut child)) = self.running.lock().map(|mut running| running.take()) {
            // A frozen process can be killed, too.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The parts of a cluster beyond its plain listeners.
#[derive(Default)]
pub struct Extra {
    /// Ends of `listeners=`, such as `,SASL://127.0.0.1:9093`.
    pub listeners: String,
    /// Ends of `listener.security.protocol.map=`, such as `,SASL:SASL_PLAINTEXT`.
    pub protocols: String,
    /// More lines of the settings.
    pub settings: String,
    /// More arguments of the formatting tool.
    pub format: Vec<String>,
}

/// The place of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub topic: String,
    pub partition: i32,
    pub leader: i32,
    pub replicas: usize,
    pub in_sync: usize,
}

impl Cluster {
    /// Formats and starts so many nodes.
    pub async fn start(count: usize) -> Self {
        Self::start_with(count, &Extra::default()).await
    }

    /// The same with listeners and settings of its own.
    pub async fn start_with(count: usize, extra: &Extra) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let ports: Vec<(u16, u16)> = (0..count).map(|_| (free_port(), free_port())).collect();
        let nodes = (0..count)
            .map(|index| Node {
                port: ports[index].0,
                settings: write_settings(directory.path(), &ports, index, extra),
                running: Mutex::new(None),
            })
            .collect();
        let cluster = Self { nodes, directory };
        cluster.format(extra);
        for index in 0..count {
            cluster.start_node(index);
        }
        until_within(START_LIMIT, "the brokers answer", || async {
            cluster.are_up().await
        })
        .await;
        cluster
    }

    /// One Java process a node, all at once.
    fn format(&self, extra: &Extra) {
        let formatting: Vec<Child> = self
            .nodes
            .iter()
            .map(|node| {
                java()
                    .args(["kafka.tools.StorageTool", "format"])
                    .args(["--cluster-id", CLUSTER_ID, "--config"])
                    .arg(&node.settings)
                    .args(&extra.format)
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()
                    .unwrap()
            })
            .collect();
        for child in formatting {
            let output = child.wait_with_output().unwrap();
            let words = [output.stdout, output.stderr].concat();
            let words = String::from_utf8_lossy(&words);
            assert!(output.status.success(), "formatting failed: {words}");
        }
    }

    /// The bootstrap addresses of the plain listeners.
    pub fn brokers(&self) -> String {
        let addresses = self
            .nodes
            .iter()
            .map(|node| format!("127.0.0.1:{}", node.port));
        addresses.collect::<Vec<_>>().join(",")
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Starts a node where it was; its data is as it left it.
    pub fn start_node(&self, index: usize) {
        let node = &self.nodes[index];
        let log = self.directory.path().join(format!("{index}.log"));
        let log = File::options().create(true).append(true).open(log).unwrap();
        let child = java()
            .arg("kafka.Kafka")
            .arg(&node.settings)
            .stdin(Stdio::null())
            .stderr(log.try_clone().unwrap())
            .stdout(log)
            .spawn()
            .unwrap();
        *node.running.lock().unwrap() = Some(child);
    }

    /// SIGTERM: with others to take over, the node hands its leaderships over first.
    pub async fn stop(&self, index: usize) {
        self.signal(index, Signal::TERM);
        let mut child = self.nodes[index].running.lock().unwrap().take().unwrap();
        let ended = tokio::task::spawn_blocking(move || wait(&mut child, STOP_LIMIT)).await;
        assert!(ended.unwrap().is_some(), "a broker did not stop");
    }

    /// SIGKILL.
    pub fn kill(&self, index: usize) {
        let mut child = self.nodes[index].running.lock().unwrap().take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGSTOP freezes a node: it accepts connections and says nothing. SIGCONT goes on.
    pub fn signal(&self, index: usize, signal: Signal) {
        let running = self.nodes[index].running.lock().unwrap();
        let id = running.as_ref().expect("a running node").id();
        kill_process(Pid::from_raw(i32::try_from(id).unwrap()).unwrap(), signal).unwrap();
    }

    /// Whether every node answers and knows every other one.
    pub async fn are_up(&self) -> bool {
        for node in &self.nodes {
            match metadata(node.port).await {
                Some((brokers, _)) if brokers == self.nodes.len() => {}
                _ => return false,
            }
        }
        true
    }

    /// Returns the places of the partitions, as the first node that answers knows them.
    pub async fn places(&self) -> Vec<Place> {
        for node in &self.nodes {
            if let Some((_, places)) = metadata(node.port).await {
                return places;
            }
        }
        Vec::new()
    }

    /// Waits until every node is up and every copy of every partition is in sync.
    pub async fn until_whole(&self) {
        let whole = || async {
            self.are_up().await
                && self
                    .places()
                    .await
                    .iter()
                    .all(|place| place.leader >= 0 && place.in_sync == place.replicas)
        };
        until_within(START_LIMIT, "every copy is in sync", whole).await;
    }
}

/// The virtual machine, set to start quickly and to stay small.
fn java() -> Command {
    let log4j = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/kafka/log4j2.xml");
    let mut command = Command::new(service("CHATBOT_TEST_JAVA"));
    command
        .args(["-cp", &service("CHATBOT_TEST_KAFKA_CLASSES")])
        .args(["-Xms64m", "-Xmx256m", "-XX:+UseSerialGC"])
        .args(["-XX:TieredStopAtLevel=1", "-Xshare:auto"])
        .arg("-Djava.awt.headless=true")
        .arg(format!("-Dlog4j2.configurationFile={}", log4j.display()));
    command
}

fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let end = Instant::now() + limit;
    loop {
        match child.try_wait().unwrap() {
            Some(status) => return Some(status),
            None if Instant::now() > end => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

fn write_settings(place: &Path, ports: &[(u16, u16)], index: usize, extra: &Extra) -> PathBuf {
    let (port, controller) = ports[index];
    let voters: Vec<String> = (1..)
        .zip(ports)
        .map(|(id, (_, controller))| format!("{id}@127.0.0.1:{controller}"))
        .collect();
    let copies = ports.len();
    let text = format!(
        "process.roles=broker,controller
node.id={id}
controller.quorum.voters={voters}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{listeners}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT{protocols}
log.dirs={log}
auto.create.topics.enable=false
default.replication.factor={copies}
min.insync.replicas={in_sync}
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
controlled.shutdown.enable={controlled}
leader.imbalance.check.interval.seconds=1
leader.imbalance.per.broker.percentage=0
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=4194304
{settings}
",
        id = index + 1,
        voters = voters.join(","),
        listeners = extra.listeners,
        protocols = extra.protocols,
        log = place.join(format!("data-{index}")).display(),
        in_sync = copies.min(2),
        controlled = copies > 1,
        settings = extra.settings,
    );
    let path = place.join(format!("{index}.properties"));
    std::fs::write(&path, text).unwrap();
    path
}

/// Asks a node for the brokers and partitions that it knows: Metadata, version 1.
async fn metadata(port: u16) -> Option<(usize, Vec<Place>)> {
    let look = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        // Length; key 3, version 1, correlation 7; no client; every topic.
        let request = [
            0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 7, 255, 255, 255, 255, 255, 255,
        ];
        stream.write_all(&request).await.ok()?;
        let length = stream.read_i32().await.ok()?;
        let mut answer = vec![0; usize::try_from(length).ok()?];
        stream.read_exact(&mut answer).await.ok()?;
        Reader(answer.get(4..)?).metadata()
    };
    tokio::time::timeout(LOOK_LIMIT, look).await.ok()?
}

/// Takes Kafka's primitive types off the front of an answer.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn number<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn int(&mut self) -> Option<i32> {
        self.number().map(i32::from_be_bytes)
    }

    fn text(&mut self) -> Option<String> {
        let length = self.number().map(i16::from_be_bytes)?;
        let (taken, rest) = self
            .0
            .split_at_checked(usize::try_from(length.max(0)).ok()?)?;
        self.0 = rest;
        String::from_utf8(taken.to_vec()).ok()
    }

    fn ints(&mut self) -> Option<usize> {
        let count = self.int()?;
        for _ in 0..count {
            self.int()?;
        }
        usize::try_from(count).ok()
    }

    fn metadata(mut self) -> Option<(usize, Vec<Place>)> {
        let brokers = self.int()?;
        for _ in 0..brokers {
            // Id, host, port, rack.
            self.int()?;
            self.text()?;
            self.int()?;
            self.text()?;
        }
        let _controller = self.int()?;
        let mut places = Vec::new();
        for _ in 0..self.int()? {
            let _error = self.number::<2>()?;
            let topic = self.text()?;
            let _internal = self.number::<1>()?;
            for _ in 0..self.int()? {
                let _error = self.number::<2>()?;
                places.push(Place {
                    topic: topic.clone(),
                    partition: self.int()?,
                    leader: self.int()?,
                    replicas: self.ints()?,
                    in_sync: self.ints()?,
                });
            }
        }
        Some((usize::try_from(brokers).ok()?, places))
    }
}
