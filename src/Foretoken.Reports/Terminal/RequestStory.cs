using Foretoken.Engines.Replicas;
using Foretoken.Quantities;
using Foretoken.Twin.Tracing;

namespace Foretoken.Reports.Terminal;

/// <summary>One request's life in plain words, and where its time went.</summary>
internal static class RequestStory
{
    // So many events in full; of a longer life the first and the last ones.
    private const int EventsMax = 60;
    private const int TimeWidth = 10;

    public static void Write(RequestLife life, TextWriter to, int width, Ink ink)
    {
        to.WriteLine();
        Lines(to, width, ink.Bold, "", $"Request {Human.Number(life.Index, 0)} | {Count(life.InputTokens, "prompt token")}, {Count(life.OutputTokens, "token")} answered, {NameOf(life.Outcome)}{(life.Outcome == RequestOutcome.Shed ? " by the router" : $" on worker {life.Worker}")}");
        to.WriteLine();
        to.WriteLine(ink.Bold($"{"after",TimeWidth}  {"lasting",TimeWidth}  what happened"));
        var skipped = life.Events.Count > EventsMax ? life.Events.Count - EventsMax : 0;
        for (var i = 0; i < life.Events.Count; i++)
        {
            if (skipped > 0 && i == EventsMax / 2)
            {
                to.WriteLine($"{"",TimeWidth}  {"",TimeWidth}  ... {Count(skipped, "event")} left out: all are in the JSON");
                i += skipped - 1;
                continue;
            }

            var (lasting, text) = Tell(life.Events[i], life);
            var head = $"{Time(life.Events[i].At - life.Arrival),TimeWidth}  {(lasting is { } time ? Time(time) : ""),TimeWidth}  ";
            Lines(to, width, t => t, head, text);
        }

        if (life.TimeToFirstToken is { } first)
        {
            Breakdown(to, width, ink, "Time to first token", first, life.FirstTokenPhases);
        }

        Breakdown(to, width, ink, life.Outcome is RequestOutcome.Completed or RequestOutcome.Truncated ? "Request latency" : "Until its end", life.Latency, life.Phases);
    }

    /// <summary>A phase in words.</summary>
    public static string NameOf(LifePhase phase) => phase switch
    {
        LifePhase.Held => "held at the router",
        LifePhase.Frontend => "front end, before the engine",
        LifePhase.Queue => "in the engine's queue",
        LifePhase.Transfer => "KV on its way",
        LifePhase.Planned => "planned, the step before ran",
        LifePhase.Prompt => "steps that computed its prompt",
        LifePhase.Decode => "steps in which it generated",
        LifePhase.Aside => "between its steps",
        LifePhase.Preempted => "preempted, waiting again",
        LifePhase.Response => "way back to the client",
        _ => throw new ArgumentOutOfRangeException(nameof(phase)),
    };

    private static (SimDuration? Lasting, string Text) Tell(LifeEvent what, RequestLife life) => what switch
    {
        RoutedEvent e => (null, $"arrived {Human.Duration(life.Arrival.TotalSeconds)} into the run; the router {(e.At > life.Arrival ? $"held it for {Time(e.At - life.Arrival)}, then " : "")}gave it to worker {e.Worker}" + (e.Reason is null ? "" : $": {Ink.Clean(e.Reason)}")),
        HeldEvent e => (null, $"arrived {Human.Duration(life.Arrival.TotalSeconds)} into the run and was held at the router" + (e.Reason is null ? "" : $": {Ink.Clean(e.Reason)}")),
        ShedEvent e => (null, $"shed by the router: {Ink.Clean(e.Reason)}"),
        QueuedEvent e => (null, $"in the queue of worker {e.Worker} behind {Human.Number(e.Waiting, 0)} waiting and {Human.Number(e.Running, 0)} running"
            + (e.KvBlocks > 0 ? $"; KV cache {Human.Percent((double)e.KvBlocksUsed / e.KvBlocks)} in use" : "")),
        AdmittedEvent e => (null, $"planned after {Time(e.Waited)} in the queue"
            + (e.StepsPassed > 0 ? $", in which {Count(e.StepsPassed, "step")} began without it" : "")
            + (e.CachedTokens > 0 ? $"; {Human.Number(e.CachedTokens, 0)} of {Count(life.InputTokens, "prompt token")} found in the prefix cache" : "; nothing of it in the prefix cache")),
        PromptEvent e => (e.Step, $"step computed {(e.Tokens == 1 ? "prompt token" : "prompt tokens")} {Range(e.Start, e.Tokens)}{Beside(e.OtherPromptTokens, e.Generating)}"),
        FirstTokenEvent => (null, "first token"),
        DecodeEvent e => (e.End - e.At, Decoded(e)),
        PreemptedEvent e => (null, $"preempted: the KV of {Count(e.Tokens, "token")} given up"),
        ResumedEvent e => (null, $"resumed after {Time(e.Waited)}" + (e.KeptTokens > 0 ? $"; {Count(e.KeptTokens, "token")} still in the cache" : "; nothing was left in the cache")),
        TransferEvent e => (e.End == SimTime.Never ? null : e.End - e.At, $"{Ink.Clean(e.What)}: {Human.Number(e.Bytes / 1e6)} MB" + (e.End == SimTime.Never ? ", never finished" : "")),
        EndedEvent e => (null, NameOf(e.Outcome)),
        _ => throw new ArgumentOutOfRangeException(nameof(what)),
    };

    private static string Range(int start, int tokens) =>
        tokens == 1 ? Human.Number(start, 0) : $"{Human.Number(start, 0)} to {Human.Number(start + tokens - 1, 0)}";

    private static string Beside(int prompts, int generating)
    {
        var others = new List<string>();
        if (prompts > 0)
        {
            others.Add($"{Count(prompts, "prompt token")} of others");
        }

        if (generating > 0)
        {
            others.Add($"{Count(generating, "request")} generating");
        }

        return others.Count == 0 ? ", alone" : ", beside " + string.Join(" and ", others);
    }

    private static string Decoded(DecodeEvent e)
    {
        var text = $"{Count(e.Tokens, "token")} in {Count(e.Steps, "step")} of {(e.ShortestStep == e.LongestStep ? "" : Time(e.ShortestStep) + " to ")}{Time(e.LongestStep)}, "
            + $"batch of {(e.SmallestBatch == e.LargestBatch ? "" : Human.Number(e.SmallestBatch, 0) + " to ")}{Human.Number(e.LargestBatch, 0)}";
        if (e.StepsWithPrompts > 0)
        {
            text += $"; {Count(e.StepsWithPrompts, "step")} ({Time(e.TimeWithPrompts)}) also computed prompts of others";
        }

        if (e.StepsWithout > 0)
        {
            text += $"; {Count(e.StepsWithout, "step")} ({Time(e.TimeWithout)}) in between went without it";
        }

        return text;
    }

    private static void Breakdown(TextWriter to, int width, Ink ink, string name, SimDuration total, IReadOnlyList<PhaseTime> phases)
    {
        to.WriteLine();
        var digits = 0;
        var names = name.Length;
        foreach (var phase in phases)
        {
            names = Math.Max(names, NameOf(phase.Phase).Length + 2);
        }

        digits = Exact(total).Length;
        to.WriteLine(ink.Bold(Cut($"{name.PadRight(names)}  {Exact(total).PadLeft(digits)}", width)));
        foreach (var phase in phases)
        {
            var share = total == SimDuration.Zero ? 0 : (double)phase.Time.Nanoseconds / total.Nanoseconds;
            to.WriteLine(Cut($"  {NameOf(phase.Phase).PadRight(names - 2)}  {Exact(phase.Time).PadLeft(digits)}  {Human.Percent(share),8}", width));
        }
    }

    // To the nanosecond, so that whoever adds the lines up gets the sum.
    private static string Exact(SimDuration time) => Human.Number(time.TotalMilliseconds, 6) + " ms";

    private static string Time(SimDuration time) => time == SimDuration.Zero ? "0 s" : Human.Duration(time.TotalSeconds);

    private static string NameOf(RequestOutcome outcome) => outcome.ToString().ToLowerInvariant();

    private static string Count(long count, string what) => Human.Number(count, 0) + " " + (count == 1 ? what : what + "s");

    private static string Cut(string text, int width) => text.Length <= width ? text : text[..width];

    private static void Lines(TextWriter to, int width, Func<string, string> mark, string head, string text)
    {
        var line = head;
        var empty = true;
        foreach (var word in text.Split(' '))
        {
            if (!empty && line.Length + 1 + word.Length > width)
            {
                to.WriteLine(mark(line));
                line = new string(' ', Math.Min(head.Length, width / 2));
                empty = true;
            }

            line += empty ? word : " " + word;
            empty = false;
        }

        to.WriteLine(mark(line));
    }
}
