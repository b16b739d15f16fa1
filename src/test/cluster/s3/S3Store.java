import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.gaul.s3proxy.AuthenticationType;
import org.gaul.s3proxy.S3Proxy;
import org.jclouds.ContextBuilder;
import org.jclouds.blobstore.BlobStore;
import org.jclouds.blobstore.BlobStoreContext;
import org.slf4j.LoggerFactory;

/**
 * An object store in memory that speaks Amazon's protocol, with one bucket of the name {@code bucket}. Run from its
 * source, with the class path of the pom.xml beside it. Argument: a directory, which receives the file {@code port}.
 * Ends when it is killed.
 */
public final class S3Store {
    private S3Store() {}

    public static void main(String[] arguments) throws Exception {
        ((Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).setLevel(Level.WARN);
        // Objects that are whole or not there, as a store's: the providers that keep them in files have none of that.
        BlobStore objects = ContextBuilder.newBuilder("transient")
                .credentials("nobody", "nothing")
                .build(BlobStoreContext.class)
                .getBlobStore();
        objects.createContainerInLocation(null, "bucket");
        S3Proxy proxy = S3Proxy.builder()
                .blobStore(objects)
                .endpoint(URI.create("http://127.0.0.1:0"))
                .awsAuthentication(AuthenticationType.AWS_V2_OR_V4, "reader", "of-the-test")
                .build();
        proxy.start();
        while (!proxy.getState().equals("STARTED")) {
            TimeUnit.MILLISECONDS.sleep(20);
        }
        Path dir = Path.of(arguments[0]);
        Files.writeString(dir.resolve("port.tmp"), Integer.toString(proxy.getPort()));
        Files.move(dir.resolve("port.tmp"), dir.resolve("port"));
    }
}
