using Foretoken.Quantities;
using Foretoken.Tuning.Evaluation;
using Foretoken.Workloads.Synthetic;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Tuning;

public sealed class BlockResamplingTests
{
    [Fact]
    public void Resample_ReplicationZero_IsTheTraceItself()
    {
        var trace = Chat();
        Assert.Same(trace, BlockResampling.Resample(trace, 0, 1));
    }

    [Fact]
    public void Resample_OtherReplications_AreOtherTrafficOfTheSameShape()
    {
        var trace = Chat();
        var counts = new List<int>();
        for (var r = 1; r <= 20; r++)
        {
            var other = BlockResampling.Resample(trace, r, 1);
            counts.Add(other.Count);
            Assert.Equal(other.Arrivals.Where(a => a != SimTime.Never), other.Arrivals.Where(a => a != SimTime.Never).Order());
            Assert.True(other.Arrivals[^1] <= trace.Arrivals[^1] + new SimDuration((trace.Arrivals[^1] - trace.Arrivals[0]).Nanoseconds / 50));
        }

        Assert.InRange(counts.Average(), 0.93 * trace.Count, 1.07 * trace.Count);
        Assert.True(counts.Distinct().Count() > 10);
    }

    [Fact]
    public void Resample_BlockThatComesTwice_SharesOnlyWhatWasSharedBefore()
    {
        var trace = Agents();
        var other = BlockResampling.Resample(trace, 3, 1);
        Assert.True(other.Tree!.Count > trace.Tree!.Count);

        // Paths stay paths: every node lies below the one before it.
        foreach (var content in other.Contents!)
        {
            var before = -1;
            foreach (var node in content.Path.Span)
            {
                Assert.Equal(before, other.Tree.Parents[node]);
                before = node;
            }
        }

        // Equal ids and equal paths say the same: two requests share as many tokens by the one as by the other.
        for (var row = 1; row < 400; row++)
        {
            for (var earlier = 0; earlier < row; earlier += 7)
            {
                Assert.Equal(ByIds(other, row, earlier), ByPath(other, row, earlier));
            }
        }

        // The share of prompt tokens that an endless cache would find is about what it was.
        Assert.InRange(Reuse(other), Reuse(trace) - 0.05, Reuse(trace) + 0.05);
    }

    // Sessions whose turns build on each other, and system prompts that they share.
    private static Trace Agents()
    {
        using var reader = new SyntheticTraceReader(WorkloadPresets.Find("agent")! with { Requests = 3000 }, 1);
        return TraceLoader.Load(reader);
    }

    private static Trace Chat()
    {
        using var reader = new SyntheticTraceReader(WorkloadPresets.Find("chat")! with { Requests = 2000 }, 1);
        return TraceLoader.Load(reader);
    }

    private static int ByPath(Trace trace, int a, int b)
    {
        var x = trace.Contents![a].Path.Span;
        var y = trace.Contents[b].Path.Span;
        var tokens = 0;
        for (var i = 0; i < Math.Min(x.Length, y.Length) && x[i] == y[i]; i++)
        {
            tokens = trace.Tree!.Ends[x[i]];
        }

        return Math.Min(tokens, Math.Min(trace.Contents[a].KnownTokens, trace.Contents[b].KnownTokens));
    }

    private static int ByIds(Trace trace, int a, int b)
    {
        var (x, y) = (trace.Contents![a], trace.Contents[b]);
        var left = x.HashIds.Span;
        var right = y.HashIds.Span;
        var blocks = 0;
        while (blocks < Math.Min(left.Length, right.Length) && left[blocks] == right[blocks])
        {
            blocks++;
        }

        return Math.Min(blocks * x.HashBlockTokens, Math.Min(x.KnownTokens, y.KnownTokens));
    }

    private static double Reuse(Trace trace)
    {
        var seen = new bool[trace.Tree!.Count];
        double found = 0, all = 0;
        for (var row = 0; row < trace.Count; row++)
        {
            all += trace.InputTokens[row];
            foreach (var node in trace.Contents![row].Path.Span)
            {
                found += seen[node] ? trace.Tree.Ends[node] - trace.Tree.Starts[node] : 0;
                seen[node] = true;
            }
        }

        return found / all;
    }
}
