package org.xecomla.spark.stage;

import java.util.List;
import org.xecomla.config.CorpusConfig;
import org.xecomla.run.RunCheck;
import org.xecomla.spark.driver.StageContext;

/** The corpus as token shards: those to train on and those to evaluate on. */
public final class ShardStage extends SparkStage {
    public static final String NAME = "shard";
    public static final String KIND = "shards";

    private static final String FILES = "text or conversations (JSON lines, a JSON array, Parquet, plain text)";

    ShardStage() {
        super(NAME, KIND, List.of(), layout -> List.of(layout.trainShards(), layout.validShards()));
    }

    @Override
    public void check(RunCheck check) {
        RunCheck.requireFiles("corpus.train", check.config().corpus().train(), FILES);
        RunCheck.requireFiles("corpus.valid", check.config().corpus().valid(), FILES);
    }

    @Override
    public void run(StageContext context) {
        CorpusConfig corpus = context.config().corpus();
        CorpusShards shards = new CorpusShards(context);
        shards.shard("corpus.train", corpus.train(), true, context.layout().trainShards());
        shards.shard("corpus.valid", corpus.valid(), false, context.layout().validShards());
    }
}
