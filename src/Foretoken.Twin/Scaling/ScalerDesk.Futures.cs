using Foretoken.Engines.Replicas;
using Foretoken.Quantities;

namespace Foretoken.Twin.Scaling;

/// <content>What a scaler that looks ahead plays from.</content>
internal sealed partial class ScalerDesk
{
    private sealed class FutureDesk(ScalerDesk desk, int pool) : IFutureSource
    {
        public PoolPlan Pool => desk._pools[pool].Plan;

        public SimDuration StartUp => desk._pools[pool].Scaling.ColdStart.Median(Pool.GpusPerReplica);

        public IReadOnlyList<(int Input, int Output)> Lengths => desk._pools[pool].Lengths;

        public int FirstFreeRequest => desk._book.Requests.Count;

        public SimTime Arrival(int request) => desk._book.Requests.Arrival(request);

        // Without the tree of prompts: what comes in a future shares nothing with anybody.
        public IReplica Create(ReplicaRecorder recorder) => Pool.Engine.CreateFast(Pool.StepTime, recorder, desk._plan.Seed, null);

        public IReadOnlyList<FutureReplica> Replicas()
        {
            var found = new List<FutureReplica>();
            for (var worker = 0; worker < desk._lives.Count; worker++)
            {
                var state = desk._fleet.StateOf(worker);
                var life = desk._lives[worker];
                if (life.Pool != pool || state == ReplicaState.Gone)
                {
                    continue;
                }

                if (state is ReplicaState.Serving or ReplicaState.Draining)
                {
                    found.Add(new FutureReplica(worker, state, life.Life.Served, (ICopyableReplica)desk._fleet[worker], desk._fleet.Recorder(worker)));
                    continue;
                }

                // How long this start takes is not known beforehand, only how long one usually takes.
                var from = life.Life.Started == SimTime.Never ? life.Life.Requested : life.Life.Started;
                found.Add(new FutureReplica(worker, state, from + StartUp, null, null));
            }

            return found;
        }
    }
}
