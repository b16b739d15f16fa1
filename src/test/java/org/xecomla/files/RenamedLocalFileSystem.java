package org.xecomla.files;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/**
 * Hadoop's own local file system under a scheme of its own, so that paths of it go the way of every cluster's paths.
 */
public class RenamedLocalFileSystem extends RawLocalFileSystem {
    private static final URI ROOT = URI.create("renamed:///");

    /** Opens it with a configuration of ours, as a Spark stage does with Spark's: Hadoop's cache then knows it. */
    static void register() throws IOException {
        Configuration configuration = new Configuration();
        configuration.set("fs.renamed.impl", RenamedLocalFileSystem.class.getName());
        FileSystem.get(ROOT, configuration);
    }

    @Override
    public URI getUri() {
        return ROOT;
    }

    @Override
    public File pathToFile(Path path) {
        return new File(path.toUri().getPath());
    }

    /** As HDFS: no file is replaced by a rename. */
    @Override
    public boolean rename(Path from, Path to) throws IOException {
        return !exists(to) && super.rename(from, to);
    }
}
