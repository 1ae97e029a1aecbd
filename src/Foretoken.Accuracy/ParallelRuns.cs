using System.Runtime.ExceptionServices;
using Foretoken.Twin;

namespace Foretoken.Accuracy;

/// <summary>Many independent runs on several threads. Each is single-threaded, so the results do not depend on how many there are.</summary>
public static class ParallelRuns
{
    /// <summary>Does the work of every item and returns the results in the items' order.</summary>
    /// <param name="items">What to run.</param>
    /// <param name="cost">How long an item takes compared with others: long ones begin first.</param>
    /// <param name="work">The work; the control is how it is told to stop.</param>
    /// <param name="threads">Threads, at least 1.</param>
    /// <param name="done">Called after every item, on its thread, with the number that are done.</param>
    /// <param name="stop">Stops everything.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static IReadOnlyList<TResult> Each<TItem, TResult>(
        IReadOnlyList<TItem> items, Func<TItem, double> cost, Func<TItem, RunControl, TResult> work, int threads, Action<int>? done = null, CancellationToken stop = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        var order = Enumerable.Range(0, items.Count).OrderByDescending(i => cost(items[i])).ThenBy(i => i).ToArray();
        var results = new TResult[items.Count];
        var controls = new RunControl?[threads];
        var next = -1;
        var finished = 0;
        ExceptionDispatchInfo? failure = null;
        var workers = new Thread[Math.Max(1, Math.Min(threads, items.Count))];
        using var registration = stop.Register(StopAll);
        for (var w = 0; w < workers.Length; w++)
        {
            var worker = w;
            workers[w] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"run {w}" };
            workers[w].Start();
        }

        foreach (var thread in workers)
        {
            thread.Join();
        }

        failure?.Throw();
        stop.ThrowIfCancellationRequested();
        return results;

        void Work(int worker)
        {
            // Nothing may be thrown out of a thread: it would end the process with a stack trace.
            try
            {
                while (Volatile.Read(ref failure) is null && !stop.IsCancellationRequested && Interlocked.Increment(ref next) is var place && place < order.Length)
                {
                    var control = new RunControl();
                    Volatile.Write(ref controls[worker], control);
                    if (stop.IsCancellationRequested)
                    {
                        return;
                    }

                    results[order[place]] = work(items[order[place]], control);
                    done?.Invoke(Interlocked.Increment(ref finished));
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // Told below.
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(e), null);
                StopAll();
            }
        }

        void StopAll()
        {
            for (var w = 0; w < controls.Length; w++)
            {
                Volatile.Read(ref controls[w])?.RequestStop();
            }
        }
    }
}
