using Foretoken.Engines.TrtLlm;
using Xunit;

namespace Foretoken.Tests.Engines.TrtLlm.Plain;

/// <summary>Each scheduling rule, worked out by hand on blocks of four tokens.</summary>
public sealed class TrtLlmSchedulerTests
{
    private static readonly TrtLlmSettings Roomy = new()
    {
        NumKvBlocks = 100,
        MaxSeqLen = 200,
        MaxBatchSize = 8,
        MaxNumTokens = 64,
        TokensPerBlock = 4,
        DisableOverlapScheduler = true,
    };

    [Fact]
    public void GuaranteedNoEvict_RoomForTwoToTheirEnd_ThirdWaitsForAnEnd()
    {
        // Four prompt and four answer tokens: two blocks each, of which the second is not taken yet but spoken for.
        var steps = new TrtLlmSteps(Roomy with { NumKvBlocks = 5 });
        steps.Add(4, 4);
        steps.Add(4, 4);
        steps.Add(4, 4);
        Assert.Equal(["c0:0+4 c1:0+4", "g0 g1", "g0 g1", "g0 g1", "c2:0+4"], steps.Steps(5));
    }

    [Fact]
    public void GuaranteedNoEvict_FirstDoesNotFit_NobodyPassesIt()
    {
        var steps = new TrtLlmSteps(Roomy with { NumKvBlocks = 4 });
        steps.Add(4, 3);
        steps.Add(9, 1);
        steps.Add(4, 1);
        Assert.Equal(["c0:0+4", "g0", "g0", "c1:0+9", "c2:0+4"], steps.Steps(5));
    }

    [Fact]
    public void StaticBatch_SomebodyGenerates_NobodyStarts()
    {
        var steps = new TrtLlmSteps(Roomy with { CapacitySchedulerPolicy = TrtLlmCapacityPolicy.StaticBatch });
        steps.Add(4, 3);
        steps.Add(4, 1);
        Assert.Equal("c0:0+4 c1:0+4", steps.Step());
        steps.Add(4, 1);
        Assert.Equal(["g0", "g0", "c2:0+4"], steps.Steps(3));
    }

    [Fact]
    public void MaxUtilization_NextStepDoesNotFit_LastStartedIsPausedAndStartsOverWithWhatIsLeft()
    {
        // Four blocks. Both take their second block for token 5 and would need a third for token 9, in step 6.
        var steps = new TrtLlmSteps(Roomy with { NumKvBlocks = 4, CapacitySchedulerPolicy = TrtLlmCapacityPolicy.MaxUtilization });
        var first = steps.Add(4, 8);
        var second = steps.Add(4, 8);
        Assert.Equal(["c0:0+4 c1:0+4", "g0 g1", "g0 g1", "g0 g1", "g0 g1", "p1 g0", "g0", "g0"], steps.Steps(8));
        Assert.Equal((8, 5, 1), (first.Generated, second.Generated, second.Pauses));

        // Nine tokens to compute; the first block is still cached, its second was evicted for the other's third.
        Assert.Equal(["c1:4+5", "g1", "g1", ""], steps.Steps(4));
        Assert.Equal(8, second.Generated);
        Assert.Equal(0, steps.Scheduler.Kv.Used);
    }

    [Fact]
    public void MaxUtilization_TwoStepLookahead_PausesAStepEarlier()
    {
        var settings = Roomy with { NumKvBlocks = 4, CapacitySchedulerPolicy = TrtLlmCapacityPolicy.MaxUtilization, TwoStepLookahead = true };
        var steps = new TrtLlmSteps(settings);
        steps.Add(4, 8);
        steps.Add(4, 8);
        Assert.Equal(["c0:0+4 c1:0+4", "g0 g1", "g0 g1", "g0 g1", "p1 g0"], steps.Steps(5));
    }

    [Fact]
    public void Schedule_NoChunking_PromptThatDoesNotFitEndsTheList()
    {
        var steps = new TrtLlmSteps(Roomy with { MaxNumTokens = 20 });
        steps.Add(12, 2);
        steps.Add(10, 1);
        steps.Add(4, 1);
        Assert.Equal(["c0:0+12", "c1:0+10 c2:0+4 g0"], steps.Steps(2));
    }

    [Fact]
    public void Schedule_FirstComeFirstServed_RestOfTheStepInWholeBlocksAndGoingOnFirst()
    {
        var steps = new TrtLlmSteps(Roomy with { MaxNumTokens = 12, EnableChunkedPrefill = true });
        steps.Add(6, 2);
        steps.Add(20, 1);

        // Six tokens are left: one block. Then eleven beside the generating one: two blocks.
        Assert.Equal(["c1:0+4 c0:0+6", "c1:4+8 g0", "c1:12+8"], steps.Steps(3));
    }

    [Fact]
    public void Schedule_FirstComeFirstServed_LessThanABlockLeft_Waits()
    {
        var steps = new TrtLlmSteps(Roomy with { MaxNumTokens = 10, EnableChunkedPrefill = true });
        steps.Add(9, 2);
        steps.Add(9, 1);
        Assert.Equal(["c0:0+9", "c1:0+9 g0"], steps.Steps(2));
    }

    [Fact]
    public void Schedule_EqualProgress_ABlockEachRoundAfterRound()
    {
        var steps = new TrtLlmSteps(Roomy with
        {
            MaxNumTokens = 12,
            EnableChunkedPrefill = true,
            ContextChunkingPolicy = TrtLlmChunkingPolicy.EqualProgress,
        });
        steps.Add(20, 1);
        steps.Add(6, 1);

        // Rounds of four: 4 and 4, then 8 and no room for the other's last two.
        Assert.Equal(["c0:0+8 c1:0+4", "c0:8+8 c1:4+2", "c0:16+4"], steps.Steps(3));
    }

    [Fact]
    public void Schedule_MaxBatchSize_CountsActiveOnes()
    {
        var steps = new TrtLlmSteps(Roomy with { MaxBatchSize = 2 });
        steps.Add(4, 2);
        steps.Add(4, 1);
        steps.Add(4, 1);
        Assert.Equal(["c0:0+4 c1:0+4", "c2:0+4 g0"], steps.Steps(2));
    }

    [Fact]
    public void BatchWait_FewTokens_PromptsAreHeldForTheGivenSteps()
    {
        var steps = new TrtLlmSteps(Roomy with { BatchWaitTimeoutIters = 2, BatchWaitMaxTokensRatio = 0.25 });
        steps.Add(4, 9);
        Assert.Equal("c0:0+4", steps.Step()); // nobody generates: no wait
        steps.Add(4, 1);
        Assert.Equal(["g0", "g0", "c1:0+4 g0"], steps.Steps(3));

        // Sixteen of 64 tokens are a quarter: enough at once.
        steps.Add(8, 1);
        steps.Add(7, 1);
        Assert.Equal("c2:0+8 c3:0+7 g0", steps.Step());
    }

    [Fact]
    public void Schedule_PromptSeenBefore_ComputesOnlyTheLastToken()
    {
        var steps = new TrtLlmSteps(Roomy);
        steps.Add(9, 3, [1, 2, 3]);
        Assert.Equal(["c0:0+9", "g0", "g0"], steps.Steps(3));
        steps.Add(9, 1, [1, 2, 3]);
        steps.Add(12, 1, [1, 2, 4]);
        Assert.Equal("c1:8+1 c2:8+4", steps.Step());
    }

    [Fact]
    public void Schedule_BlockPartlyEqual_ItsFirstTokensAreReused()
    {
        // Eight tokens, of which seven may be reused: a block, and three tokens of the second.
        foreach (var (partial, copy, found) in new[] { (true, true, 7), (true, false, 7), (false, true, 4) })
        {
            var steps = new TrtLlmSteps(Roomy with { EnablePartialReuse = partial, CopyOnPartialReuse = copy });
            steps.Add(8, 1, [1, 2]);
            Assert.Equal("c0:0+8", steps.Step());
            steps.Add(8, 2, [1, 2]);
            Assert.Equal($"c1:{found}+{8 - found}", steps.Step());

            // It uses its block of four (and, without a copy, holds the only second one).
            steps.Add(8, 1, [1, 2]);
            Assert.Equal(copy && partial ? "c2:7+1 g1" : "c2:4+4 g1", steps.Step());
        }
    }

    [Fact]
    public void Schedule_SameNewPrefixTwice_SecondWaitsAndFindsIt()
    {
        var steps = new TrtLlmSteps(Roomy);
        steps.Add(9, 2, [1, 2, 3]);
        steps.Add(9, 1, [1, 2, 4]);
        steps.Add(9, 1, [5, 6, 7]);
        Assert.Equal(["c0:0+9 c2:0+9", "c1:8+1 g0"], steps.Steps(2));

        var apart = new TrtLlmSteps(Roomy with { EnableBlockReuse = false });
        apart.Add(9, 2, [1, 2, 3]);
        apart.Add(9, 1, [1, 2, 4]);
        Assert.Equal("c0:0+9 c1:0+9", apart.Step());
    }

    [Fact]
    public void Schedule_CachedPrefix_IsNotChargedToTheStep()
    {
        var steps = new TrtLlmSteps(Roomy with { MaxNumTokens = 18 });
        steps.Add(17, 1, [1, 2, 3, 4, 5]);
        Assert.Equal("c0:0+17", steps.Step());

        // Sixteen of seventeen tokens each are cached: both fit.
        steps.Add(17, 1, [1, 2, 3, 4, 6]);
        steps.Add(17, 1, [1, 2, 3, 4, 7]);
        Assert.Equal("c1:16+1 c2:16+1", steps.Step());
    }

    [Fact]
    public void Release_Blocks_LastOnesAreEvictedFirstAndLowerPriorityBeforeAll()
    {
        var even = new TrtLlmSteps(Roomy with { NumKvBlocks = 6 });
        even.Add(9, 4);
        even.Steps(4);
        Assert.Equal([3, 4, 5, 2, 1, 0], even.Scheduler.Kv.FreeIds);

        // Answers go before prompts: the block of token 13 (number 3) has priority 10. Fresh blocks have 35.
        var lower = new TrtLlmSteps(Roomy with { NumKvBlocks = 6, DecodeRetentionPriority = 10 });
        lower.Add(9, 5);
        lower.Steps(5);
        Assert.Equal([3, 4, 5, 2, 1, 0], lower.Scheduler.Kv.FreeIds);
        lower.Add(4, 1);
        lower.Step();
        Assert.Equal([4, 5, 2, 1, 0, 3], lower.Scheduler.Kv.FreeIds);
    }

    [Fact]
    public void Schedule_BlockOfTheLastToken_IsNeverSharedAndCostsAFreeBlock()
    {
        // Of the eight tokens' two blocks, the second is computed in part: the other's two and one spoken for leave one of four,
        // where two are needed.
        var steps = new TrtLlmSteps(Roomy with { NumKvBlocks = 4 });
        steps.Add(8, 4, [1, 2]);
        Assert.Equal("c0:0+8", steps.Step());
        steps.Add(8, 4, [1, 2]);
        Assert.Equal(["g0", "g0", "g0", "c1:7+1"], steps.Steps(4));
    }

    [Fact]
    public void Schedule_CachedBlockInUse_CostsNoFreeBlock()
    {
        // Six blocks. The first holds three and will need one more; of the second's four, two are held already.
        var steps = new TrtLlmSteps(Roomy with { NumKvBlocks = 6 });
        steps.Add(9, 4, [1, 2, 3]);
        steps.Step();
        steps.Add(9, 4, [1, 2, 4]);
        Assert.Equal("c1:8+1 g0", steps.Step());
        Assert.Equal(4, steps.Scheduler.Kv.Used);
    }
}
