import java.io.FileOutputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.server.MiniYARNCluster;

/**
 * HDFS with one data node and YARN with two node managers, in one process: run from its source, with the class path of
 * the pom.xml beside it. Argument: a directory, which receives {@code conf/} for clients, then the file {@code ready}.
 * Ends when the file {@code stop} is there, or when it is killed.
 */
public final class MiniHadoop {
    private static final int MEGABYTES_PER_NODE = 6144;
    private static final String[] FOR_CLIENTS = {
        YarnConfiguration.RM_ADDRESS, YarnConfiguration.RM_SCHEDULER_ADDRESS, YarnConfiguration.RM_HOSTNAME,
    };

    private MiniHadoop() {}

    public static void main(String[] arguments) throws Exception {
        Path dir = Path.of(arguments[0]).toAbsolutePath();
        Configuration conf = new YarnConfiguration();
        configure(conf, dir);
        MiniDFSCluster hdfs = new MiniDFSCluster.Builder(conf, dir.resolve("hdfs").toFile())
                .numDataNodes(1)
                .build();
        hdfs.waitActive();
        MiniYARNCluster yarn = new MiniYARNCluster("xecomla", 2, 1, 1);
        yarn.init(conf);
        yarn.start();
        writeClientConf(yarn.getConfig(), hdfs.getURI().toString(), dir.resolve("conf"));
        Files.createFile(dir.resolve("ready"));
        while (Files.notExists(dir.resolve("stop"))) {
            TimeUnit.MILLISECONDS.sleep(200);
        }
        System.exit(0); // a stop in good order takes longer than the whole cluster is worth
    }

    private static void configure(Configuration conf, Path dir) {
        String queue = "yarn.scheduler.capacity.root";
        conf.set(queue + ".queues", "default");
        conf.set(queue + ".capacity", "100");
        conf.set(queue + ".default.capacity", "100");
        conf.set(queue + ".default.maximum-capacity", "100");
        conf.set(queue + ".default.state", "RUNNING");
        conf.set(queue + ".default.acl_submit_applications", "*");
        conf.set(queue + ".default.acl_administer_queue", "*");
        conf.set("yarn.scheduler.capacity.maximum-am-resource-percent", "1.0");
        conf.setInt("yarn.scheduler.minimum-allocation-mb", 256);
        conf.setInt("yarn.nodemanager.resource.memory-mb", MEGABYTES_PER_NODE);
        conf.setInt("yarn.minicluster.yarn.nodemanager.resource.memory-mb", MEGABYTES_PER_NODE);
        conf.setBoolean("yarn.nodemanager.pmem-check-enabled", false);
        conf.setBoolean("yarn.nodemanager.vmem-check-enabled", false);
        // A full disk of the machine that tests is not what is tested.
        conf.set("yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage", "100");
        conf.set("dfs.namenode.fs-limits.min-block-size", "0");
        conf.set("hadoop.tmp.dir", dir.resolve("tmp").toString());
        System.setProperty("test.build.data", dir.resolve("yarn").toString());
    }

    private static void writeClientConf(Configuration started, String fileSystem, Path conf) throws Exception {
        Files.createDirectories(conf);
        Configuration core = new Configuration(false);
        core.set("fs.defaultFS", fileSystem);
        write(core, conf.resolve("core-site.xml"));
        Configuration yarn = new Configuration(false);
        for (String key : FOR_CLIENTS) {
            yarn.set(key, started.get(key));
        }
        write(yarn, conf.resolve("yarn-site.xml"));
    }

    private static void write(Configuration conf, Path file) throws Exception {
        try (OutputStream out = new FileOutputStream(file.toFile())) {
            conf.writeXml(out);
        }
    }
}
