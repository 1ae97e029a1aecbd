using System.Text.Json;
using Foretoken.Quantities;
using Foretoken.Twin.Tracing;

namespace Foretoken.Reports.Json;

/// <summary>One request's life in <c>summary.json</c>: times on the run's clock in whole nanoseconds, like those of <c>requests.csv</c>.</summary>
internal static class RequestLifeJson
{
    /// <summary>Kinds of events, in the order of a life.</summary>
    public static readonly IReadOnlyList<string> Kinds = ["held", "shed", "routed", "queued", "admitted", "transfer", "prompt", "first_token", "decode", "preempted", "resumed", "ended"];

    /// <summary>The name of a phase in every output.</summary>
    public static string NameOf(LifePhase phase) => phase.ToString().ToLowerInvariant();

    public static void Write(Utf8JsonWriter json, RequestLife life)
    {
        json.WriteStartObject("explained_request");
        json.WriteNumber("index", life.Index);
        json.WriteNumber("arrival_ns", life.Arrival.Nanoseconds);
        json.WriteNumber("input_tokens", life.InputTokens);
        json.WriteNumber("output_tokens", life.OutputTokens);
        json.WriteNumber("worker", life.Worker);
        json.WriteString("outcome", life.Outcome.ToString().ToLowerInvariant());
        if (life.TimeToFirstToken is { } first)
        {
            json.WriteNumber("time_to_first_token_ns", first.Nanoseconds);
        }
        else
        {
            json.WriteNull("time_to_first_token_ns");
        }

        Phases(json, "time_to_first_token_phases_ns", life.FirstTokenPhases);
        json.WriteNumber("latency_ns", life.Latency.Nanoseconds);
        Phases(json, "latency_phases_ns", life.Phases);
        json.WriteStartArray("events");
        foreach (var what in life.Events)
        {
            json.WriteStartObject();
            Write(json, what);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Phases(Utf8JsonWriter json, string name, IReadOnlyList<PhaseTime> phases)
    {
        json.WriteStartObject(name);
        foreach (var phase in phases)
        {
            json.WriteNumber(NameOf(phase.Phase), phase.Time.Nanoseconds);
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, LifeEvent what)
    {
        switch (what)
        {
            case RoutedEvent e:
                Head(json, e, "routed");
                json.WriteNumber("worker", e.Worker);
                json.WriteString("reason", e.Reason);
                break;
            case HeldEvent e:
                Head(json, e, "held");
                json.WriteString("reason", e.Reason);
                break;
            case ShedEvent e:
                Head(json, e, "shed");
                json.WriteString("reason", e.Reason);
                break;
            case QueuedEvent e:
                Head(json, e, "queued");
                json.WriteNumber("worker", e.Worker);
                json.WriteNumber("waiting", e.Waiting);
                json.WriteNumber("running", e.Running);
                json.WriteNumber("kv_blocks_used", e.KvBlocksUsed);
                break;
            case AdmittedEvent e:
                Head(json, e, "admitted");
                json.WriteNumber("waited_ns", e.Waited.Nanoseconds);
                json.WriteNumber("steps_passed", e.StepsPassed);
                json.WriteNumber("cached_tokens", e.CachedTokens);
                break;
            case PromptEvent e:
                Head(json, e, "prompt", e.Step);
                json.WriteNumber("start", e.Start);
                json.WriteNumber("tokens", e.Tokens);
                json.WriteNumber("other_prompt_tokens", e.OtherPromptTokens);
                json.WriteNumber("generating", e.Generating);
                break;
            case DecodeEvent e:
                Decode(json, e);
                break;
            case FirstTokenEvent e:
                Head(json, e, "first_token");
                break;
            case PreemptedEvent e:
                Head(json, e, "preempted");
                json.WriteNumber("tokens", e.Tokens);
                break;
            case ResumedEvent e:
                Head(json, e, "resumed");
                json.WriteNumber("waited_ns", e.Waited.Nanoseconds);
                json.WriteNumber("kept_tokens", e.KeptTokens);
                break;
            case TransferEvent e:
                Head(json, e, "transfer", e.End == SimTime.Never ? null : e.End - e.At);
                json.WriteString("what", e.What);
                json.WriteNumber("bytes", e.Bytes);
                break;
            case EndedEvent e:
                Head(json, e, "ended");
                json.WriteString("outcome", e.Outcome.ToString().ToLowerInvariant());
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(what));
        }
    }

    private static void Decode(Utf8JsonWriter json, DecodeEvent e)
    {
        Head(json, e, "decode", e.End - e.At);
        json.WriteNumber("steps", e.Steps);
        json.WriteNumber("tokens", e.Tokens);
        json.WriteNumber("shortest_step_ns", e.ShortestStep.Nanoseconds);
        json.WriteNumber("longest_step_ns", e.LongestStep.Nanoseconds);
        json.WriteNumber("smallest_batch", e.SmallestBatch);
        json.WriteNumber("largest_batch", e.LargestBatch);
        json.WriteNumber("steps_with_prompts", e.StepsWithPrompts);
        json.WriteNumber("time_with_prompts_ns", e.TimeWithPrompts.Nanoseconds);
        json.WriteNumber("steps_without", e.StepsWithout);
        json.WriteNumber("time_without_ns", e.TimeWithout.Nanoseconds);
    }

    private static void Head(Utf8JsonWriter json, LifeEvent what, string kind, SimDuration? lasting = null)
    {
        json.WriteString("event", kind);
        json.WriteNumber("at_ns", what.At.Nanoseconds);
        if (lasting is { } time)
        {
            json.WriteNumber("lasting_ns", time.Nanoseconds);
        }
    }
}
