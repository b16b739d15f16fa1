import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.Context;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.TimeUnit;
import okhttp3.Headers;
import okhttp3.mockwebserver.MockResponse;
import okhttp3.mockwebserver.MockWebServer;
import okhttp3.mockwebserver.RecordedRequest;
import okio.Buffer;

/**
 * Kubernetes' API without a cluster: what is created can be read back. Run from its source, with the class path of the
 * pom.xml beside it. Argument: a directory, which receives the file {@code port}. Ends when the file {@code stop} is
 * there, or when it is killed.
 */
public final class KubernetesMock {
    private KubernetesMock() {}

    public static void main(String[] arguments) throws Exception {
        Path dir = Path.of(arguments[0]);
        KubernetesMockServer server =
                new KubernetesMockServer(new Context(), new MockWebServer(), new HashMap<>(), new Dispatcher(), false);
        server.init(InetAddress.getByName("127.0.0.1"), 0);
        Files.writeString(dir.resolve("port.tmp"), Integer.toString(server.getPort()));
        Files.move(dir.resolve("port.tmp"), dir.resolve("port"));
        while (Files.notExists(dir.resolve("stop"))) {
            TimeUnit.MILLISECONDS.sleep(200);
        }
        System.exit(0);
    }

    /** The stock dispatcher, with two things that Spark 3.5 counts on and it lacks. */
    private static final class Dispatcher extends KubernetesCrudDispatcher {
        /** Server-side apply makes what is not there. */
        @Override
        public MockResponse handlePatch(RecordedRequest request) {
            String path = request.getPath();
            if (path.contains("fieldManager=")) {
                String resource = path.substring(0, path.indexOf('?'));
                if (findResource(getKey(resource)) == null) {
                    return handleCreate(post(resource.substring(0, resource.lastIndexOf('/')), request.getBody()));
                }
            }
            return super.handlePatch(request);
        }

        /** A new pod is pending: one without a phase is an error to Spark's watcher. */
        @Override
        public MockResponse handleCreate(RecordedRequest request) {
            return request.getPath().endsWith("/pods")
                    ? super.handleCreate(post(request.getPath(), pending(request.getBody())))
                    : super.handleCreate(request);
        }

        private static Buffer pending(Buffer body) {
            try {
                ObjectNode pod = (ObjectNode) Serialization.jsonMapper().readTree(body.readUtf8());
                pod.putObject("status").put("phase", "Pending");
                return new Buffer().writeUtf8(pod.toString());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static RecordedRequest post(String path, Buffer body) {
            String line = "POST " + path + " HTTP/1.1";
            return new RecordedRequest(line, Headers.of(), List.of(), body.size(), body, 0, new Socket());
        }
    }
}
