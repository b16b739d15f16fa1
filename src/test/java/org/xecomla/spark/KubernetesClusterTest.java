package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What Spark asks Kubernetes for, read back from a mock of its API; and the demo on executors that the image's entry
 * point starts from the pods' own environment, here as processes.
 */
@Tag("cluster")
class KubernetesClusterTest {
    @TempDir
    static Path dir;

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private static ClusterProcesses processes;
    private static String api;

    @BeforeAll
    static void start() throws Exception {
        processes = new ClusterProcesses(
                dir,
                Map.of(
                        "SPARK_LOCAL_IP",
                        ClusterProcesses.LOOPBACK,
                        "KUBECONFIG",
                        dir.resolve("none").toString()));
        ClusterProcesses.Started mock = processes.startSource("kubernetes", "KubernetesMock.java", "-Xmx256m");
        processes
                .submit(
                        "build",
                        "doctor",
                        Map.of("run.dir", dir.resolve("probe").toString()))
                .awaitEnd(0);
        mock.await("port", () -> Files.exists(dir.resolve("port")));
        api = "http://" + ClusterProcesses.LOOPBACK + ":" + Files.readString(dir.resolve("port"));
        SmallDemo.writeText(dir);
    }

    @AfterAll
    static void stop() throws Exception {
        processes.close();
    }

    private static List<JsonNode> list(String namespace, String kind) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(api + "/api/v1/namespaces/" + namespace + "/" + kind))
                .build();
        String body = HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body();
        return StreamSupport.stream(
                        new ObjectMapper().readTree(body).get("items").spliterator(), false)
                .toList();
    }

    private static List<JsonNode> pods(String namespace, String role) throws Exception {
        return list(namespace, "pods").stream()
                .filter(pod -> pod.at("/metadata/labels/spark-role").asText().equals(role))
                .toList();
    }

    private static Map<String, String> settings(String namespace) {
        Map<String, String> settings =
                SmallDemo.settings(dir.resolve(namespace).toString(), dir.toString(), SmallDemo.model());
        settings.put("spark.master", "k8s://" + api);
        settings.put("spark.conf.spark.kubernetes.namespace", namespace);
        settings.put("spark.conf.spark.kubernetes.container.image", "registry.example/xecomla-spark:1");
        settings.put("spark.conf.spark.kubernetes.driver.podTemplateFile", "submit/kubernetes/driver-pod.yaml");
        settings.put("spark.conf.spark.kubernetes.executor.podTemplateFile", "submit/kubernetes/executor-pod.yaml");
        return settings;
    }

    private static boolean any(JsonNode array, Predicate<JsonNode> condition) {
        return StreamSupport.stream(array.spliterator(), false).anyMatch(condition);
    }

    private static List<String> texts(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .map(JsonNode::asText)
                .toList();
    }

    @Test
    void aDriverIsAskedFor() throws Exception {
        Map<String, String> settings = settings("submitted");
        settings.put("spark.deploy-mode", "cluster");
        settings.put("spark.gpus-per-executor", "1");
        settings.put("spark.conf.spark.kubernetes.authenticate.driver.serviceAccountName", "xecomla");
        settings.put("spark.conf.spark.kubernetes.submission.waitAppCompletion", "false");
        processes.submit("submit", "run", settings).awaitEnd(0);

        List<JsonNode> drivers = pods("submitted", "driver");
        assertEquals(1, drivers.size());
        JsonNode spec = drivers.get(0).get("spec");
        JsonNode container = spec.at("/containers/0");
        assertEquals("xecomla", spec.get("serviceAccountName").asText());
        assertEquals("Never", spec.get("restartPolicy").asText());
        assertEquals("registry.example/xecomla-spark:1", container.get("image").asText());
        assertEquals("xecomla", drivers.get(0).at("/metadata/labels/app").asText(), "the pod template's label");
        assertTrue(any(
                spec.get("volumes"),
                volume -> volume.at("/configMap/name").asText().equals("xecomla-run")));
        assertTrue(any(
                container.get("volumeMounts"), m -> m.get("mountPath").asText().equals("/opt/xecomla/run")));
        assertTrue(container.at("/resources/limits/nvidia.com~1gpu").isMissingNode(), "the driver takes no GPU");
        List<String> arguments = texts(container.get("args"));
        assertEquals("driver", arguments.get(0), "what the image's entry point is told");
        assertTrue(arguments.contains("local:///opt/xecomla/xecomla-spark.jar"), arguments::toString);
        assertTrue(arguments.contains("org.xecomla.cli.Main"), arguments::toString);

        String properties = list("submitted", "configmaps").stream()
                .map(map -> map.at("/data/spark.properties").asText(""))
                .filter(text -> !text.isEmpty())
                .findFirst()
                .orElseThrow();
        assertTrue(properties.contains("spark.executor.resource.gpu.vendor=nvidia.com"), properties);
        assertTrue(properties.contains("spark.executor.memoryOverhead="), properties);
        assertTrue(properties.contains("spark.xecomla.configuration="), properties);
    }

    /** A pod's environment, with what only a node can fill in. */
    private static Map<String, String> environment(JsonNode pod) {
        Map<String, String> environment = new HashMap<>();
        pod.at("/spec/containers/0/env").forEach(variable -> {
            String name = variable.get("name").asText();
            String field = variable.at("/valueFrom/fieldRef/fieldPath").asText();
            if (field.equals("status.podIP")) {
                environment.put(name, ClusterProcesses.LOOPBACK);
            } else if (field.equals("metadata.name")) {
                environment.put(name, pod.at("/metadata/name").asText());
            } else {
                environment.put(name, variable.path("value").asText());
            }
        });
        environment.put("SPARK_LOCAL_DIRS", dir.resolve("local").toString());
        environment.put("SPARK_HOME", Path.of("target/spark").toAbsolutePath().toString());
        return environment;
    }

    @Test
    void executorsHaveTheirGpuAndRunTheDemo() throws Exception {
        Map<String, String> settings = settings("demo");
        settings.put("spark.gpus-per-executor", "1");
        Path script = Files.writeString(
                dir.resolve("gpu.sh"), "#!/bin/sh\necho '{\"name\": \"gpu\", \"addresses\": [\"0\"]}'\n");
        assertTrue(script.toFile().setExecutable(true));
        settings.put("spark.gpu-discovery-script", script.toString());
        settings.put("spark.conf.spark.driver.host", ClusterProcesses.LOOPBACK);
        // There is no image here: what it has under /opt/xecomla lies in target.
        String classPath = Path.of("target/lib").toAbsolutePath() + "/*:"
                + Path.of("target/xecomla-spark.jar").toAbsolutePath();
        settings.put("spark.conf.spark.driver.extraClassPath", classPath);
        settings.put("spark.conf.spark.executor.extraClassPath", classPath);
        ClusterProcesses.Started driver = processes.submit("driver", "run", settings);

        Map<String, JsonNode> seen = new TreeMap<>();
        List<ClusterProcesses> nodes = new ArrayList<>();
        try {
            driver.await("two executors", () -> {
                try {
                    for (JsonNode pod : pods("demo", "executor")) {
                        String name = pod.at("/metadata/name").asText();
                        if (seen.putIfAbsent(name, pod) == null) {
                            ClusterProcesses node =
                                    new ClusterProcesses(Files.createDirectories(dir.resolve(name)), environment(pod));
                            nodes.add(node);
                            // In a directory of its own: an executor puts the jars that it is sent where it starts.
                            Path entryPoint =
                                    Path.of("submit/docker/entrypoint.sh").toAbsolutePath();
                            String home = dir.resolve(name).toString();
                            node.start(name, List.of("env", "-C", home, entryPoint.toString(), "executor"));
                        }
                    }
                    return seen.size() >= 2;
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            });
            requireGpuPod(seen.values().iterator().next());
            String output = driver.awaitEnd(0);
            SmallDemo.requireComplete(dir.resolve("demo").toString(), output);
        } finally {
            for (ClusterProcesses node : nodes) {
                node.close();
            }
        }
    }

    private static void requireGpuPod(JsonNode pod) {
        JsonNode spec = pod.get("spec");
        JsonNode container = spec.at("/containers/0");
        assertEquals("1", container.at("/resources/limits/nvidia.com~1gpu").asText());
        assertTrue(container.at("/resources/limits/memory").asText().endsWith("Mi"), pod::toString);
        assertEquals(List.of("executor"), texts(container.get("args")));
        assertEquals("true", spec.at("/nodeSelector/nvidia.com~1gpu.present").asText());
        assertTrue(any(spec.get("tolerations"), t -> t.get("key").asText().equals("nvidia.com/gpu")));
        assertTrue(
                any(spec.get("volumes"), v -> v.at("/emptyDir/medium").asText().equals("Memory")));
        assertTrue(any(
                container.get("volumeMounts"), m -> m.get("mountPath").asText().equals("/dev/shm")));
        assertTrue(spec.at("/securityContext/runAsNonRoot").asBoolean());
    }
}
