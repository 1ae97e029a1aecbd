using Foretoken.Engines.Replicas;
using Foretoken.Engines.SgLang;
using Foretoken.Engines.SgLang.Fast;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.Differential;
using Xunit;

namespace Foretoken.Tests.Engines.SgLang.Fast;

/// <summary>
/// The fast engine against its plain twin. A failure names its case number: <c>new SgLangRandomCase(number)</c> is all that it
/// takes to see it again.
/// </summary>
public sealed class PlainAgainstFastSgLangTests
{
    private const int CasesPerTest = 1500;

    [Fact]
    public void Replica_DrivenByHandWithAborts_AgreesInEverything()
    {
        var retractions = 0L;
        var hits = 0;
        var broken = 0;
        for (var number = 0; number < CasesPerTest; number++)
        {
            var plain = Compare(new SgLangRandomCase(number), out var error);
            retractions += plain.Recorder.Preemptions;
            hits += plain.Lines.Count(line => !line.Contains("cached 0 ", StringComparison.Ordinal));
            broken += error is null ? 0 : 1;
        }

        // The cases must reach what they are for.
        Assert.True(retractions > 1000, $"only {retractions} retractions in all cases");
        Assert.True(hits > 1000, $"only {hits} requests with cached tokens in all cases");
        Assert.True(broken < CasesPerTest / 10, $"{broken} cases ran out of memory");
    }

    [Fact]
    public void Replica_LongAnswers_AgreesInEverything()
    {
        var steps = 0L;
        for (var number = 0; number < 150; number++)
        {
            steps += Compare(new SgLangRandomCase(number, @long: true), out _).Recorder.Steps;
        }

        Assert.True(steps > 100_000, $"only {steps} steps in all cases");
    }

    private static ReplicaLog Compare(SgLangRandomCase scenario, out string? error)
    {
        var plain = Drive(scenario, log => new PlainSgLangReplica(scenario.Settings, scenario.StepTime, log.Recorder, seed: 1), out error);
        var fast = Drive(scenario, log => new FastSgLangReplica(scenario.Settings, scenario.StepTime, log.Recorder, scenario.Trace.Tree), out var fastError);
        Assert.True(plain.Lines.SequenceEqual(fast.Lines), Describe(scenario, plain.Lines, fast.Lines));
        Assert.Equal(error, fastError);
        if (error is null)
        {
            Assert.True(plain.Numbers().SequenceEqual(fast.Numbers()), Describe(scenario, plain.Numbers(), fast.Numbers()));
        }

        return plain;
    }

    // With mixed chunks and little memory the engine may stop; then both must, after the same requests.
    private static ReplicaLog Drive(SgLangRandomCase scenario, Func<ReplicaLog, IReplica> create, out string? error)
    {
        var log = new ReplicaLog();
        var replica = create(log);
        error = null;
        try
        {
            Live(scenario, replica);
        }
        catch (InputException e)
        {
            error = e.Message;
            return log;
        }

        Assert.Equal(0, replica.RequestsInFlight);
        Assert.Equal(0, replica.TokensInFlight);
        Assert.Equal(scenario.Trace.Count, log.Lines.Count);
        return log;
    }

    private static void Live(SgLangRandomCase scenario, IReplica replica)
    {
        var moments = new List<(SimTime At, int Kind, int Index)>();
        for (var i = 0; i < scenario.Trace.Count; i++)
        {
            moments.Add((scenario.Trace.Arrivals[i], 0, i));
        }

        foreach (var (index, at) in scenario.Aborts)
        {
            moments.Add((at, 1, index));
        }

        foreach (var (at, kind, index) in moments.OrderBy(m => m.At).ThenBy(m => m.Kind).ThenBy(m => m.Index))
        {
            replica.AdvanceTo(at);
            if (kind == 0)
            {
                replica.Submit(RowSource.Row(scenario.Trace, index), at);
            }
            else
            {
                replica.Abort(index, at);
            }

            (replica as FastSgLangReplica)?.Verify();
        }

        for (var now = replica.NextWake; now != SimTime.Never; now = replica.NextWake)
        {
            replica.AdvanceTo(now);
            replica.Plan(now);
            (replica as FastSgLangReplica)?.Verify();
        }
    }

    private static string Describe(SgLangRandomCase scenario, IEnumerable<string> plain, IEnumerable<string> fast)
    {
        var left = plain.ToList();
        var right = fast.ToList();
        var i = 0;
        while (i < left.Count && i < right.Count && left[i] == right[i])
        {
            i++;
        }

        return $"{scenario}\nfirst difference at {i}:\nplain: {(i < left.Count ? left[i] : "-")}\nfast:  {(i < right.Count ? right[i] : "-")}";
    }
}
